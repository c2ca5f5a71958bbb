// errors: 2, because the command stays without a handler.
//! `#[handlers]` where `#[handler]` is meant.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handlers]
async fn place_order(_: PlaceOrder) {}

fn main() {}
