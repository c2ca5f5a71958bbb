//! The return type is compared with the declaration.
use bus::prelude::*;

#[command(output = String)]
struct PlaceOrder;

#[handler]
fn place_order(_: PlaceOrder) -> impl Future<Output = String> {
    async { String::new() }
}

fn main() {}
