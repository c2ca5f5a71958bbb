//! `fail/command/bad_timeout.rs`, put right.
use bus::prelude::*;

#[command(timeout = "10w")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
