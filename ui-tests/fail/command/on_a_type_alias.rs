//! The attribute of types on an alias.
use bus::prelude::*;

#[command]
type PlaceOrder = (u32, String);

fn main() {}
