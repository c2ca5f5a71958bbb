//! A crate that has no `contract!`.
use bus::prelude::*;

bus::wire!(; crate);

fn main() {}
