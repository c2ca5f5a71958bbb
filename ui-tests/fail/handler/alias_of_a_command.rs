// errors: 2, because the command stays without a handler.
//! A command goes by its own name.
use bus::prelude::*;

#[command]
struct PlaceOrder;

type Order = PlaceOrder;

#[handler]
async fn place_order(_: Order) {}

fn main() {}
