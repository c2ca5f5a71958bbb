//! `fail/command/value_of_another_kind.rs`, put right.
use bus::prelude::*;

#[command(retries = 3)]
#[derive(Clone)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
