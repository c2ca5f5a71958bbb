//! A value where a reference is meant.
use bus::prelude::*;

struct Db;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder, _: Db) {}

fn main() {}
