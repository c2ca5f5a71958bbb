//! `fail/command/bad_backoff.rs`, put right.
use bus::prelude::*;

#[command(retries = 3, backoff = "exponential(1s, max = 1m, jitter)")]
#[derive(Clone)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
