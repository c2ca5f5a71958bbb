// errors: 2, because there are two mistakes.
//! Two mistakes in one return type.
use bus::prelude::*;

struct OrderError;

#[command(output = u64, error = OrderError)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) -> Result<String, std::fmt::Error> {
    Ok(String::new())
}

fn main() {}
