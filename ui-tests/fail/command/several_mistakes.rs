// errors: 8, because there are eight mistakes.
//! All mistakes of one attribute, and of the fields, are told at once.
use bus::prelude::*;

#[command(
    outptu = u8,
    rate = "10/fortnight",
    retries = "3",
    timeout,
    remote = true,
    version = 0,
    throttle = "often",
)]
struct PlaceOrder {
    #[sanitize(lowercse)]
    email: String,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
