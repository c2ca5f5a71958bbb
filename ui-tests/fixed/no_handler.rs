//! `fail/command/no_handler.rs`, put right.
use bus::prelude::*;

#[command(output = u64)]
struct PlaceOrder {
    quantity: u32,
}

#[handler]
async fn place_order(order: PlaceOrder) -> u64 {
    order.quantity.into()
}

fn main() {}
