//! `fail/command/validate_without_rules.rs`, put right.
use bus::prelude::*;

#[command]
struct PlaceOrder {
    #[validate(range(min = 1))]
    quantity: u32,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
