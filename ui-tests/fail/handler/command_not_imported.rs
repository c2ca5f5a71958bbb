// errors: 9, because see the text
//! A command of another module, not imported.
use bus::prelude::*;

mod orders {
    #[bus::command]
    pub struct PlaceOrder;
}

#[handler]
async fn place_order(_: PlaceOrder) {}

fn main() {}
