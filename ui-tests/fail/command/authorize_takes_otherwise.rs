//! A policy function takes the command and the context.
use bus::prelude::*;

#[command(authorize = only_admins)]
struct PlaceOrder;

fn only_admins(_: &Context) -> bool {
    false
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
