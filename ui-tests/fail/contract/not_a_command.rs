//! A type that is no command.

pub struct PlaceOrder;

bus::contract! { PlaceOrder }

fn main() {}
