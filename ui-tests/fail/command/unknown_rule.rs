//! A rule that the validator crate does not know.
use bus::prelude::*;

#[command]
struct PlaceOrder {
    #[validate(ranje(min = 1))]
    quantity: u32,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
