//! Versions count from one.
use bus::prelude::*;

#[command(version = 0)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
