//! A pause before a retry that never comes.
use bus::prelude::*;

#[command(backoff = "fixed(1s)")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
