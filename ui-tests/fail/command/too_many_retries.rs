//! More retries than anyone can mean.
use bus::prelude::*;

#[command(retries = 100000)]
#[derive(Clone)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
