//! All policies before a handler that is not there.
use bus::prelude::*;

#[command(rate = "10/s", timeout = "5s", retries = 3, throttle = "5 failures/10m")]
#[derive(Clone)]
struct PlaceOrder {
    #[sanitize(trim)]
    #[validate(length(min = 1))]
    name: String,
}

fn main() {}
