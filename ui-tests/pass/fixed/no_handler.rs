//! `fail/wire/no_handler.rs`, put right.
use bus::prelude::*;

#[command(remote)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

bus::contract! { PlaceOrder }
bus::wire!(; crate);

fn main() {}
