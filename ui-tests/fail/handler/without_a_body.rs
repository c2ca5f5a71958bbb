//! A function of a trait.
use bus::prelude::*;

#[command]
struct PlaceOrder;

trait Shop {
    #[handler]
    async fn place_order(order: PlaceOrder);
}

fn main() {}
