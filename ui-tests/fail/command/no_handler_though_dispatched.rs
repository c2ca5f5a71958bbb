//! A command that nobody handles, dispatched three times in three ways.
use bus::prelude::*;

#[command]
pub struct PlaceOrder;

async fn shop(bus: &Bus, cx: &Context) {
    bus::dispatch(PlaceOrder).await.unwrap();
    bus.dispatch(PlaceOrder).await.unwrap();
    cx.dispatch(PlaceOrder).await.unwrap();
}

fn main() {}
