//! A crate that denies all it can, with commands of every shape and visibility.
#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations, missing_copy_implementations)]
#![deny(unreachable_pub, unused, nonstandard_style, future_incompatible, rust_2018_idioms)]
#![deny(elided_lifetimes_in_paths, single_use_lifetimes, trivial_casts, unused_qualifications)]
#![deny(unused_crate_dependencies, unused_import_braces, unused_results, warnings)]
use bus::prelude::*;
// Dependencies of the other cases.
use {bus_ui_tests as _, validator as _};

/// Public.
pub mod orders {
    use bus::prelude::*;

    /// A unit.
    #[command]
    #[derive(Clone, Copy, Debug)]
    pub struct Unit;

    /// A tuple.
    #[command(output = u8)]
    #[derive(Clone, Copy, Debug)]
    pub struct Tuple(
        /// A number.
        pub u8,
    );

    /// An enum.
    #[command(output = u8, remote)]
    #[derive(Clone, Copy, Debug)]
    pub enum Choice {
        /// The one.
        One,
        /// The other.
        Two {
            /// How many.
            many: u8,
        },
    }

    #[command]
    pub(super) struct Hidden;

    #[handler]
    async fn unit(_: Unit) {}

    #[handler]
    fn tuple(tuple: Tuple) -> u8 {
        tuple.0
    }

    #[handler]
    fn hidden(_: Hidden) {}

    /// A public handler.
    #[handler]
    pub async fn choice(choice: Choice) -> Result<u8, bus::BoxError> {
        Ok(match choice {
            Choice::One => 1,
            Choice::Two { many } => many,
        })
    }
}

#[command]
struct Private {
    #[sanitize(trim)]
    #[validate(length(min = 1))]
    name: String,
}

#[handler]
fn private(private: Private) {
    assert_eq!(private.name, "a");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    bus::dispatch(orders::Unit).await.expect("runs");
    bus::dispatch(orders::Hidden).await.expect("runs");
    bus::dispatch(Private { name: " a".into() }).await.expect("runs");
    assert!(matches!(bus::dispatch(orders::Tuple(4)).await, Ok(4)));
    for (choice, answer) in [(orders::Choice::One, 1), (orders::Choice::Two { many: 2 }, 2)] {
        assert_eq!(bus::dispatch(choice).await.expect("runs"), answer);
    }
    // Handlers stay functions.
    assert_eq!(orders::choice(orders::Choice::One).await.expect("runs"), 1);
}
