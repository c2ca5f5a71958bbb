//! `fail/command/rate_per_unknown_field.rs`, put right.
use bus::prelude::*;

#[command(rate = "10/s per account")]
struct PlaceOrder {
    account: u64,
    quantity: u32,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
