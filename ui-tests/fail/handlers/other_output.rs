//! A method returns what the command does not declare.
use bus::prelude::*;

#[command(output = u64)]
struct PlaceOrder;

struct Shop;

#[handlers]
impl Shop {
    #[handler]
    async fn place_order(&self, _: PlaceOrder) -> String {
        String::new()
    }
}

fn main() {}
