//! `fail/handlers/mutable_service.rs`, put right.
use bus::prelude::*;
use std::sync::Mutex;

#[command]
struct PlaceOrder;

struct Shop {
    orders: Mutex<Vec<PlaceOrder>>,
}

#[handlers]
impl Shop {
    #[handler]
    async fn place_order(&self, order: PlaceOrder) {
        self.orders.lock().unwrap().push(order);
    }
}

fn main() {}
