//! A type named like a result that is none.
use bus::prelude::*;

#[command(output = u64)]
struct PlaceOrder;

struct OrderResult;

#[handler]
async fn place_order(_: PlaceOrder) -> OrderResult {
    OrderResult
}

fn main() {}
