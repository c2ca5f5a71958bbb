//! `fail/command/bad_rate.rs`, put right.
use bus::prelude::*;

#[command(rate = "10/s")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
