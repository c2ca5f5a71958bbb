//! `#[handler]` where `#[command]` is meant.
use bus::prelude::*;

#[handler]
struct PlaceOrder;

fn main() {}
