//! `checked!` takes one value.
use bus::prelude::*;

fn order() {
    bus::checked!()
}

fn main() {}
