//! A function has no fields.
use bus::prelude::*;

#[bus::sanitized]
fn clean() {}

fn main() {}
