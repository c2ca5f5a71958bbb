//! `fail/command/nested_not_sanitized.rs`, put right.
use bus::prelude::*;

#[command]
struct PlaceOrder {
    #[sanitize(nested)]
    address: Address,
}

#[bus::sanitized]
struct Address {
    #[sanitize(trim)]
    street: String,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
