//! `fail/command/bad_name.rs`, put right.
use bus::prelude::*;

#[command(name = "orders.place")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
