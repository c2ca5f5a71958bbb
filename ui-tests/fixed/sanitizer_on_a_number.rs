//! `fail/command/sanitizer_on_a_number.rs`, put right.
use bus::prelude::*;

#[command]
struct PlaceOrder {
    #[sanitize(with = at_most_ten)]
    quantity: u32,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn at_most_ten(quantity: &mut u32) {
    *quantity = (*quantity).min(10);
}

fn main() {}
