//! `fail/handler/state_first.rs`, put right.
use bus::prelude::*;

struct Db;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(order: PlaceOrder, db: &Db) {}

fn main() {}
