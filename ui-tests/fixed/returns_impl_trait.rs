//! `fail/handler/returns_impl_trait.rs`, put right.
use bus::prelude::*;

#[command(output = String)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) -> String {
    String::new()
}

fn main() {}
