//! A key that needs a value.
use bus::prelude::*;

#[command(timeout)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
