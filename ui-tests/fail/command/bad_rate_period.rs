//! A period that does not exist.
use bus::prelude::*;

#[command(rate = "10/fortnight")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
