//! `fail/command/unknown_sanitizer.rs`, put right.
use bus::prelude::*;

#[command]
struct PlaceOrder {
    #[sanitize(lowercase)]
    email: String,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
