// errors: 2, because the chain that is made of it asks too.
use bus::prelude::*;

#[command(middleware = [Audit])]
struct PlaceOrder;

struct Audit;

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
