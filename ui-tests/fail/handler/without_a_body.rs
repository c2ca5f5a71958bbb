// errors: 2, because the command stays without a handler.
//! A function of a trait.
use bus::prelude::*;

#[command]
struct PlaceOrder;

trait Shop {
    #[handler]
    async fn place_order(order: PlaceOrder);
}

fn main() {}
