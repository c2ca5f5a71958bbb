//! `crate = …`: the library under another name, in every macro that takes it.
#![deny(warnings)]

mod vendor {
    pub mod messages {
        pub use bus::*;
    }
}

use crate::vendor::messages;

#[messages::command(output = u8, crate = crate::vendor::messages)]
struct Place {
    #[validate(range(min = 1))]
    quantity: u8,
    #[sanitize(nested)]
    note: Note,
}

#[messages::sanitized(crate = crate::vendor::messages)]
struct Note {
    #[sanitize(trim)]
    text: String,
}

struct Shop;

#[messages::handlers(crate = crate::vendor::messages)]
impl Shop {
    #[handler]
    fn place(&self, place: Place) -> u8 {
        assert_eq!(place.note.text, "a");
        place.quantity
    }
}

#[messages::command(remote, crate = crate::vendor::messages)]
struct Far;

#[messages::handler(crate = crate::vendor::messages)]
async fn far(_: Far) {}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let bus = messages::Bus::builder().state(Shop).build().await.expect("all is there");
    let place = messages::checked!(Place { quantity: 2, note: Note { text: " a".into() } });
    assert_eq!(bus.dispatch(place).await.expect("runs"), 2);
    messages::dispatch(Far).await.expect("runs");
}
