//! `only(…)` of errors that the command does not declare.
use bus::prelude::*;

#[command(throttle("5 failures/10m", only(PayError::Unreachable)))]
struct PlaceOrder;

enum PayError {
    Unreachable,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
