//! An output that is not imported.
use bus::prelude::*;

#[command(output = OrderId)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) -> u64 {
    7
}

fn main() {}
