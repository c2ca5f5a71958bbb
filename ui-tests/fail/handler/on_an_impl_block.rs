// errors: 2, because the command stays without a handler.
//! `#[handler]` where `#[handlers]` is meant.
use bus::prelude::*;

#[command]
struct PlaceOrder;

struct Shop;

#[handler]
impl Shop {
    async fn place_order(&self, _: PlaceOrder) {}
}

fn main() {}
