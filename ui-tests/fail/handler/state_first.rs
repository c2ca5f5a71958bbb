//! The command comes first.
use bus::prelude::*;

struct Db;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: &Db, _: PlaceOrder) {}

fn main() {}
