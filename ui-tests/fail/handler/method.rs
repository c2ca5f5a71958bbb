//! A method outside `#[handlers]`.
use bus::prelude::*;

#[command]
struct PlaceOrder;

struct Shop;

impl Shop {
    #[handler]
    async fn place_order(&self, _: PlaceOrder) {}
}

fn main() {}
