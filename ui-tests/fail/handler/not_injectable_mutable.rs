//! State is shared.
use bus::prelude::*;

struct Db;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder, _: &mut Db) {}

fn main() {}
