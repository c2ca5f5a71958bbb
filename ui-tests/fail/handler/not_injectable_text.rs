//! State has a size.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder, _: &str) {}

fn main() {}
