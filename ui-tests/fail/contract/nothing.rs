//! `contract!` takes commands.
use bus::prelude::*;

bus::contract! {}

fn main() {}
