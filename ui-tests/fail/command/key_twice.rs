//! Which of the two counts?
use bus::prelude::*;

#[command(rate = "10/s", timeout = "1s", rate = "20/s")]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
