// errors: 6, because there are six mistakes.
//! All mistakes of one signature are told at once.
use bus::prelude::*;

#[command]
struct PlaceOrder;

#[handler(retries = 3)]
unsafe fn place_order<T>(_: &PlaceOrder, store: &impl Sync) -> impl Sized {}

fn main() {}
