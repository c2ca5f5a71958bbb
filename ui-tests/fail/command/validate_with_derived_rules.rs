//! Rules by hand and rules on fields.
use bus::prelude::*;

#[command(validate)]
struct PlaceOrder {
    #[validate(range(min = 1))]
    quantity: u32,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
