//! A command that borrows.
use bus::prelude::*;

#[command]
struct PlaceOrder<'a> {
    email: &'a str,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
