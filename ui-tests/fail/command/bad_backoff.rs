//! A kind of backoff that does not exist.
use bus::prelude::*;

#[command(retries = 3, backoff = "linear(1s)")]
#[derive(Clone)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
