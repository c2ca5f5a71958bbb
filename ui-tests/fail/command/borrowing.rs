//! A command that borrows.
use bus::prelude::*;

#[command]
struct PlaceOrder<'a> {
    email: &'a str,
}

fn main() {}
