//! A service that can't be shared between threads.
use bus::prelude::*;

use std::cell::Cell;

#[command]
struct PlaceOrder;

struct Shop(Cell<u32>);

#[handlers]
impl Shop {
    #[handler]
    async fn place_order(&self, _: PlaceOrder) {}
}

fn main() {}
