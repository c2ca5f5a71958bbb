//! Two keys without a comma between them.
use bus::prelude::*;

#[command(timeout = "5s" rate = "10/s")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
