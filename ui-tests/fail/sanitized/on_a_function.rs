//! A function has no fields.

#[bus::sanitized]
fn clean() {}

fn main() {}
