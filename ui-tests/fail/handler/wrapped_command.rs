// errors: 2, because the command stays without a handler.
//! The command itself, not something with it.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(order: Box<PlaceOrder>) {}

fn main() {}
