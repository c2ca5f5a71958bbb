//! The paths begin at the crate's root.

mod orders {
    #[bus::command(remote)]
    pub struct PlaceOrder;

    bus::contract! { PlaceOrder }
}

fn main() {}
