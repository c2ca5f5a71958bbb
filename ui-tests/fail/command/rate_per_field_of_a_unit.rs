//! `per` of a struct without fields.
use bus::prelude::*;

#[command(rate = "10/s per account")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
