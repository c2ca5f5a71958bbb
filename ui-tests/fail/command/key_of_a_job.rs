//! `queue` is for what is stored.
use bus::prelude::*;

#[command(queue = "orders")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
