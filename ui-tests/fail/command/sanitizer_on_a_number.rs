//! Text sanitizers are for text.
use bus::prelude::*;

#[command]
struct PlaceOrder {
    #[sanitize(trim)]
    quantity: u32,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
