//! `fail/handler/method.rs`, put right.
use bus::prelude::*;

#[command]
struct PlaceOrder;

struct Shop;

#[handlers]
impl Shop {
    #[handler]
    async fn place_order(&self, _: PlaceOrder) {}
}

fn main() {}
