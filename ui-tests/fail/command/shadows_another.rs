//! A command in a function, named like one outside of it that is in scope too.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {
    #[command]
    struct PlaceOrder;

    #[handler]
    async fn place_order(_: PlaceOrder) {}
}
