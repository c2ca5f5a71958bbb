//! Nobody knows which field of a union is set.
use bus::prelude::*;

#[command]
union PlaceOrder {
    a: u32,
    b: u32,
}

fn main() {}
