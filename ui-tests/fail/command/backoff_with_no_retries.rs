//! A pause before a retry that is ruled out.
use bus::prelude::*;

#[command(retries = 0, backoff = "fixed(1s)")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
