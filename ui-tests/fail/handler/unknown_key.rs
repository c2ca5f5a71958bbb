//! A handler has no policies: its command has them.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handler(timeout = "5s")]
async fn place_order(_: PlaceOrder) {}

fn main() {}
