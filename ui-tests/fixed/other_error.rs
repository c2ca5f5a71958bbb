//! `fail/handler/other_error.rs`, put right.
use bus::prelude::*;

#[derive(Debug)]
struct OrderError;

#[command(output = u64, error = OrderError)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) -> Result<u64, OrderError> {
    Ok(7)
}

fn main() {}
