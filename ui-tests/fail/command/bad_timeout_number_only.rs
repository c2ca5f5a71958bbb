//! Five of what?
use bus::prelude::*;

#[command(timeout = "5")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
