//! An option of what can't be injected.
use bus::prelude::*;

struct Db;

#[command]
struct PlaceOrder;

#[handler]
fn place_order(_: PlaceOrder, _: Option<Db>) {}

fn main() {}
