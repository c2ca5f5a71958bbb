//! `#[handlers]` where `#[handler]` is meant.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handlers]
async fn place_order(_: PlaceOrder) {}

fn main() {}
