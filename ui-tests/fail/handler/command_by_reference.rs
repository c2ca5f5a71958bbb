//! A handler owns its command.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: &PlaceOrder) {}

fn main() {}
