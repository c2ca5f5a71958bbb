//! A unit that does not exist.
use bus::prelude::*;

#[command(timeout = "5 fortnights")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
