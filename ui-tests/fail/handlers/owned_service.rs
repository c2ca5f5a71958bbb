//! A service is shared by all calls.
use bus::prelude::*;

use std::sync::Arc;

#[command]
struct PlaceOrder;

struct Shop;

#[handlers]
impl Shop {
    #[handler]
    async fn place_order(self: Arc<Self>, _: PlaceOrder) {}
}

fn main() {}
