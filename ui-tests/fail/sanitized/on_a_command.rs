//! A command sanitizes its fields by itself.
use bus::prelude::*;

#[bus::sanitized]
#[command]
struct PlaceOrder {
    #[sanitize(trim)]
    email: String,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
