//! A number in quotes.
use bus::prelude::*;

#[command(retries = "3")]
#[derive(Clone)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
