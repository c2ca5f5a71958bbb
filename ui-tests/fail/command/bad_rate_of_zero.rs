//! Nothing would ever pass.
use bus::prelude::*;

#[command(rate = "0/s")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
