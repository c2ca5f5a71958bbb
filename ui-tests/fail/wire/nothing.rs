//! `wire!` takes crates.
use bus::prelude::*;

bus::wire!();

fn main() {}
