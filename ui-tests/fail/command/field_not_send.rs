//! A command that can't leave its thread.
use bus::prelude::*;

use std::rc::Rc;

#[command]
struct PlaceOrder {
    item: Rc<str>,
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
