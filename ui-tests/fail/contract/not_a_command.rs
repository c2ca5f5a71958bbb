//! A type that is no command.
use bus::prelude::*;

pub struct PlaceOrder;

bus::contract! { PlaceOrder }

fn main() {}
