//! A contract with a command that no wired crate handles.
use bus::prelude::*;

#[command(remote)]
struct PlaceOrder;

bus::contract! { PlaceOrder }
bus::wire!(; crate);

fn main() {}
