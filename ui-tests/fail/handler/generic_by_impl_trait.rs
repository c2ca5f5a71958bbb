//! `impl Trait` is a type parameter, too.
use bus::prelude::*;

trait Store {}

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder, store: &impl Store) {}

fn main() {}
