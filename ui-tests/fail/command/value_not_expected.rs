//! A flag has no value.
use bus::prelude::*;

#[command(remote = true)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
