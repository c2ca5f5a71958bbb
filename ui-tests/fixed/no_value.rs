//! `fail/checked/no_value.rs`, put right.
use bus::prelude::*;

#[command]
struct PlaceOrder {
    #[validate(range(min = 1, max = 100))]
    quantity: i32,
    #[validate(length(min = 2, max = 5))]
    code: String,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn order() -> PlaceOrder {
    bus::checked!(PlaceOrder { quantity: 1, code: "abc" })
}

fn main() {}
