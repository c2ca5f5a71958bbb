//! The command itself, not something with it.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: Box<PlaceOrder>) {}

fn main() {}
