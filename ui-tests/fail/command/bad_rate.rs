//! A word instead of a rate.
use bus::prelude::*;

#[command(rate = "fast")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
