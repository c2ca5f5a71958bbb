//! Commands of every visibility, handled from where they can be seen, by every kind of path.
use bus::prelude::*;

mod contracts {
    pub mod orders {
        #[bus::command(output = u8)]
        pub struct Place;

        #[bus::command(output = u8)]
        pub(crate) struct Cancel;

        #[bus::command(output = u8)]
        pub(super) struct Inner;

        #[bus::command(output = u8)]
        pub(in crate::contracts) struct Within;

        #[bus::command(output = u8)]
        struct Own;

        #[bus::handler]
        fn own(_: Own) -> u8 {
            5
        }

        pub async fn own_too() -> u8 {
            bus::dispatch(Own).await.expect("runs")
        }
    }

    pub(crate) use orders::Cancel as CancelOrder;
    pub use orders::*;

    #[bus::handler]
    fn inner(_: orders::Inner) -> u8 {
        3
    }

    #[bus::handler]
    fn within(_: self::orders::Within) -> u8 {
        4
    }

    pub async fn inside() -> [u8; 2] {
        let inner = bus::dispatch(Inner).await.expect("runs");
        [inner, bus::dispatch(Within).await.expect("runs")]
    }
}

use contracts::Place;

#[handler]
fn place(_: Place) -> u8 {
    1
}

mod handlers {
    #[bus::handler]
    fn cancel(_: crate::contracts::CancelOrder) -> u8 {
        2
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(bus::dispatch(Place).await.expect("runs"), 1);
    assert_eq!(bus::dispatch(contracts::CancelOrder).await.expect("runs"), 2);
    assert_eq!(contracts::inside().await, [3, 4]);
    assert_eq!(contracts::orders::own_too().await, 5);
}
