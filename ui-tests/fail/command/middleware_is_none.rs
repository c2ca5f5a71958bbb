//! A type that is no middleware.
use bus::prelude::*;

#[command(middleware = [Audit])]
struct PlaceOrder;

struct Audit;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
