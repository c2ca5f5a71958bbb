//! `impl Trait` is a type parameter, too.
use bus::prelude::*;

trait Store {}

#[command]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder, _: &impl Store) {}

fn main() {}
