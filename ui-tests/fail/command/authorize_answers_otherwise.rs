//! A policy function says yes or no.
use bus::prelude::*;

#[command(authorize = only_admins)]
struct PlaceOrder;

fn only_admins(_: &PlaceOrder, _: &Context) -> Option<u8> {
    None
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
