//! A crate is no text.
use bus::prelude::*;

bus::wire!("billing");

fn main() {}
