//! `fail/command/unknown_key.rs`, put right.
use bus::prelude::*;

#[command(output = u64)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) -> u64 {
    7
}

fn main() {}
