//! `fail/command/too_many_retries.rs`, put right.
use bus::prelude::*;

#[command(retries = 100)]
#[derive(Clone)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
