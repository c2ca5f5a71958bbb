//! The default error takes any error, but it must be one.
use bus::prelude::*;

struct SoldOut;

#[command(output = u64)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) -> Result<u64, SoldOut> {
    Ok(7)
}

fn main() {}
