//! A sanitizer that does not exist.
use bus::prelude::*;

#[command]
struct PlaceOrder {
    #[sanitize(lowercse)]
    email: String,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
