//! How?
use bus::prelude::*;

#[command]
struct PlaceOrder {
    #[sanitize]
    email: String,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
