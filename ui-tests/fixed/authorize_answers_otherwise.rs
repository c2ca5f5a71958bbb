//! `fail/command/authorize_answers_otherwise.rs`, put right.
use bus::prelude::*;

#[command(authorize = only_admins)]
struct PlaceOrder;

fn only_admins(_: &PlaceOrder, _: &Context) -> bool {
    false
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
