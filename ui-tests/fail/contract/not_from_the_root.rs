//! The paths begin at the crate's root.
use bus::prelude::*;

mod orders {
    #[bus::command(remote)]
    pub struct PlaceOrder;

    bus::contract! { PlaceOrder }
}

fn main() {}
