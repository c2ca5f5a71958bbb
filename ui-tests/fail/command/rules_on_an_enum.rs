//! Rules are of structs with named fields.
use bus::prelude::*;

#[command]
enum PlaceOrder {
    Many {
        #[validate(range(min = 1))]
        quantity: u32,
    },
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
