//! A throttle counts failures.
use bus::prelude::*;

#[command(throttle = "5/10m")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
