//! A declared output, and a handler without one.
use bus::prelude::*;

#[command(output = u64)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
