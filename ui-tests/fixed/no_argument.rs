//! `fail/handler/no_argument.rs`, put right.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
