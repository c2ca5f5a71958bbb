// errors: 2, because the derive implements two traits.
//! `Validate` derived above `#[command]`, which can't see it and derives the rules itself.
use bus::prelude::*;
use validator::Validate;

#[derive(Validate)]
#[command]
struct PlaceOrder {
    #[validate(range(min = 1))]
    quantity: u32,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
