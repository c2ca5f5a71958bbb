//! A policy function that does not exist.
use bus::prelude::*;

#[command(authorize = only_admins)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
