//! A stored name with a space.
use bus::prelude::*;

#[command(name = "place order")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
