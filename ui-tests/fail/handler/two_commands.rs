//! Only the first argument is the command.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[command]
struct CancelOrder;

#[handler]
async fn cancel_order(_: CancelOrder) {}

#[handler]
async fn place_order(_: PlaceOrder, _: CancelOrder) {}

fn main() {}
