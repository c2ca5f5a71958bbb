//! Rules are of structs with named fields.
use bus::prelude::*;

#[command]
struct PlaceOrder(#[validate(range(min = 1))] u32);

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
