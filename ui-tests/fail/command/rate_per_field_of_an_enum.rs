//! An enum has no field that all its variants share.
use bus::prelude::*;

#[command(rate = "10/s per account")]
enum PlaceOrder {
    One { account: u64 },
    Two { account: u64 },
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
