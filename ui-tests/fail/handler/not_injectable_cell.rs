//! State that can't be shared between threads.
use bus::prelude::*;

use std::cell::Cell;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder, _: &Cell<u32>) {}

fn main() {}
