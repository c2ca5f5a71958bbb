//! A command sanitizes its fields by itself.
use bus::prelude::*;

#[command]
#[bus::sanitized]
struct PlaceOrder {
    #[sanitize(trim)]
    email: String,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
