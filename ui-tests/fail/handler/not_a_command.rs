// errors: 2, because the compiler looks for the macro beside the type before it looks at the type.
//! A handler of a type without `#[command]`.
use bus::prelude::*;

struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
