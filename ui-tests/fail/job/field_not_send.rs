//! A job that can't leave its thread, with policies, and dispatched.
use bus::prelude::*;

use std::rc::Rc;

#[job(retries = 3, timeout = "5s", authorize = anybody, no_retry(std::fmt::Error))]
struct PlaceOrder {
    #[sanitize(trim)]
    #[validate(length(min = 1))]
    item: String,
    #[serde(skip)]
    owner: Rc<str>,
}

fn anybody(_: &PlaceOrder, _: &Context) -> bool {
    true
}

#[handler]
async fn place_order(_: PlaceOrder, _: &Context, _: &u32) {}

async fn shop(bus: Bus, order: PlaceOrder, other: PlaceOrder) {
    let _ = bus::dispatch(order).await;
    let _ = bus.dispatch(other).await;
}

fn main() {}
