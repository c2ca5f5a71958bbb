//! `crate` names what does not exist.
use bus::prelude::*;

#[command(crate = mybus)]
struct PlaceOrder;

fn main() {}
