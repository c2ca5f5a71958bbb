//! A maximum below the base.
use bus::prelude::*;

#[command(retries = 3, backoff = "exponential(1h, max = 1s)")]
#[derive(Clone)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
