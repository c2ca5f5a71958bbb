//! `per` names a field that is not there.
use bus::prelude::*;

#[command(rate = "10/s per acount")]
struct PlaceOrder {
    account: u64,
    quantity: u32,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
