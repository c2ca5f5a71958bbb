// errors: 2, because the handler takes a command with type parameters, which is a mistake of its own.
//! A generic command that is handled for one type.
use bus::prelude::*;

#[command]
struct PlaceOrder<T: Send> {
    item: T,
}

#[handler]
async fn place_order(_: PlaceOrder<u8>) {}

fn main() {}
