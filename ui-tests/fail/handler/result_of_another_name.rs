//! A result by a name that does not say so.
use bus::prelude::*;

type Answer = Result<u64, bus::BoxError>;

#[command(output = u64)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) -> Answer {
    Ok(7)
}

fn main() {}
