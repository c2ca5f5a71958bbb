// errors: 3, because the compiler asks at the argument, at the call and at `.await`.
//! A command is given away.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

async fn shop(order: &PlaceOrder) {
    let _ = bus::dispatch(order).await;
}

fn main() {}
