//! No time at all.
use bus::prelude::*;

#[command(timeout = "0s")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
