//! A rule that its field's type can't have.
use bus::prelude::*;

#[command]
struct PlaceOrder {
    #[validate(length(min = 1))]
    quantity: u32,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
