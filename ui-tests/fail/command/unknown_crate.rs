// errors: 2, because it is asked for macros and for traits.
//! `crate` names what does not exist.
use bus::prelude::*;

#[command(crate = mybus)]
struct PlaceOrder;

fn main() {}
