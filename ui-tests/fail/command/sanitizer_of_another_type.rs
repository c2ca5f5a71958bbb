//! A function for text on a number.
use bus::prelude::*;

#[command]
struct PlaceOrder {
    #[sanitize(with = shorten)]
    quantity: u32,
}

fn shorten(text: &mut String) {
    text.truncate(10);
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
