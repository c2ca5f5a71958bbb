//! The handler returns what the command does not declare, in a result.
use bus::prelude::*;

#[command(output = u64)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) -> Result<String, bus::BoxError> {
    Ok(String::new())
}

fn main() {}
