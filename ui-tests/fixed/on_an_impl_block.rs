//! `fail/handler/on_an_impl_block.rs`, put right.
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
