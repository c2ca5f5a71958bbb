//! A key that is near to none that there is.
use bus::prelude::*;

#[command(transaction = true)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
