//! A contract with a command that is handled twice.
use bus::prelude::*;

#[command(remote)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

#[handler]
async fn place_another(_: PlaceOrder) {}

bus::contract! { PlaceOrder }
bus::wire!(; crate);

fn main() {}
