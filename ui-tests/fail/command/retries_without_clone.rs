//! To run again, a copy is needed.
use bus::prelude::*;

#[command(retries = 3)]
struct PlaceOrder {
    quantity: u32,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
