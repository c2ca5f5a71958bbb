//! A crate that is not in Cargo.toml.
use bus::prelude::*;

bus::wire!(billing);

fn main() {}
