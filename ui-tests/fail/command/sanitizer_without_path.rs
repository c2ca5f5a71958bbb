//! `with` needs a function.
use bus::prelude::*;

#[command]
struct PlaceOrder {
    #[sanitize(with)]
    email: String,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
