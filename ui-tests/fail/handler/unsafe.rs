//! The bus can't promise anything.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handler]
unsafe fn place_order(_: PlaceOrder) {}

fn main() {}
