//! Nobody knows which field is set.
use bus::prelude::*;

#[bus::sanitized]
union Text {
    a: u32,
    b: u32,
}

fn main() {}
