//! `fail/handler/not_injectable.rs`, put right.
use bus::prelude::*;

struct Db;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder, db: &Db) {}

fn main() {}
