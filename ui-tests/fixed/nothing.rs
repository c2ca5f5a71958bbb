//! `fail/handlers/nothing.rs`, put right.
use bus::prelude::*;

#[command]
struct PlaceOrder;

struct Shop;

#[handlers]
impl Shop {
    fn open(&self) {}

    #[handler]
    async fn place_order(&self, _: PlaceOrder) {
        self.open();
    }
}

fn main() {}
