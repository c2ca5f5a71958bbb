//! The handler fails with what the command does not declare.
use bus::prelude::*;

#[derive(Debug)]
struct OrderError;

#[command(output = u64, error = OrderError)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) -> Result<u64, std::fmt::Error> {
    Ok(7)
}

fn main() {}
