//! `fail/command/bad_throttle.rs`, put right.
use bus::prelude::*;

#[command(throttle = "5 failures/10m")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
