// errors: 2, because there are two mistakes.
//! All literals that break their rules are told at once.
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
    bus::checked!(PlaceOrder { quantity: 101, code: "a" })
}

fn main() {}
