//! `fail/command/backoff_without_retries.rs`, put right.
use bus::prelude::*;

#[command(retries = 3, backoff = "fixed(1s)")]
#[derive(Clone)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
