//! A service is shared by all calls.
use bus::prelude::*;

#[command]
struct PlaceOrder;

struct Shop;

#[handlers]
impl Shop {
    #[handler]
    async fn place_order(&mut self, _: PlaceOrder) {}
}

fn main() {}
