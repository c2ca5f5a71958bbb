//! `fail/handler/not_a_command.rs`, put right.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
