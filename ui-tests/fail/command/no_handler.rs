//! A command that nobody handles, and nobody dispatches.
use bus::prelude::*;

#[command(output = u64)]
struct PlaceOrder {
    quantity: u32,
}

fn main() {}
