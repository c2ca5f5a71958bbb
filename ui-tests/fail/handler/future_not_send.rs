//! What is kept over an `.await` must be `Send`.
use bus::prelude::*;

use std::rc::Rc;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {
    let item = Rc::new(1);
    pause().await;
    drop(item);
}

async fn pause() {}

fn main() {}
