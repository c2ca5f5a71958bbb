//! A handler is found by the type of its command alone.
use bus::prelude::*;

#[command]
struct PlaceOrder<T> {
    item: T,
}

fn main() {}
