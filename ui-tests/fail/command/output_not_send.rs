//! An answer that can't leave its thread.
use bus::prelude::*;

#[command(output = std::rc::Rc<u8>)]
struct PlaceOrder;

#[handler]
async fn place_order(_: PlaceOrder) -> std::rc::Rc<u8> {
    std::rc::Rc::new(1)
}

fn main() {}
