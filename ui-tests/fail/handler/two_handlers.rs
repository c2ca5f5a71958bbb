//! Two handlers of one command.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

#[handler]
async fn place_another(_: PlaceOrder) {}

fn main() {}
