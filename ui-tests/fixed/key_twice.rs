//! `fail/command/key_twice.rs`, put right.
use bus::prelude::*;

#[command(timeout = "1s", rate = "20/s")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
