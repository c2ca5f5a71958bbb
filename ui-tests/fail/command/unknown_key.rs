//! A slip of the pen.
use bus::prelude::*;

#[command(outptu = u64)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
