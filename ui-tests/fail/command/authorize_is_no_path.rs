//! A closure where a function is due.
use bus::prelude::*;

#[command(authorize = |_, _| true)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
