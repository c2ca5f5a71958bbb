//! A nested type that can't clean itself.
use bus::prelude::*;

#[command]
struct PlaceOrder {
    #[sanitize(nested)]
    address: Address,
}

struct Address {
    street: String,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
