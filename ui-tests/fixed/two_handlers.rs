//! `fail/handler/two_handlers.rs`, put right.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

#[command]
struct PlaceAnother;

#[handler]
async fn place_another(_: PlaceAnother) {}

fn main() {}
