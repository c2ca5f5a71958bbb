//! A key field that can't be a key.
use bus::prelude::*;

#[command(rate = "10/s per price")]
struct PlaceOrder {
    price: f64,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
