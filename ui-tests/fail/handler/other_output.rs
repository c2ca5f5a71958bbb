//! The handler returns what the command does not declare.
use bus::prelude::*;

#[command(output = u64)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) -> String {
    String::new()
}

fn main() {}
