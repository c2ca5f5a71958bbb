//! Without `output` a command answers nothing.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handler]
fn place_order(_: PlaceOrder) -> u64 {
    7
}

fn main() {}
