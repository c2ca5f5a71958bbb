//! `fail/command/retries_without_clone.rs`, put right.
use bus::prelude::*;

#[command(retries = 3)]
#[derive(Clone)]
struct PlaceOrder {
    quantity: u32,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
