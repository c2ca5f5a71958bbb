//! The bus would have to guess.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handler]
async fn place_order<D: Send>(_: PlaceOrder, _: &D) {}

fn main() {}
