//! A misspelt `only`.
use bus::prelude::*;

#[command(throttle("5 failures/10m", onyl(PayError::Unreachable)))]
struct PlaceOrder;

enum PayError {
    Unreachable,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
