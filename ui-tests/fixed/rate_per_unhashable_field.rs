//! `fail/command/rate_per_unhashable_field.rs`, put right.
use bus::prelude::*;

#[command(rate = "10/s per price")]
struct PlaceOrder {
    price: u64,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
