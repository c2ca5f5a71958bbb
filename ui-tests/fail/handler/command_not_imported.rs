// errors: 3, because a macro and a type are missing, and the command stays without a handler.
//! A command of another module, not imported.
use bus::prelude::*;

mod orders {
    #[bus::command]
    pub struct PlaceOrder;
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
