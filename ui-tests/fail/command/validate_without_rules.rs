//! `validate` calls rules that nobody wrote.
use bus::prelude::*;

#[command(validate)]
struct PlaceOrder {
    quantity: u32,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
