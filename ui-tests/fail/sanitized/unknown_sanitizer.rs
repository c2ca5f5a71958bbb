//! A sanitizer that does not exist.
use bus::prelude::*;

#[bus::sanitized]
struct Address {
    #[sanitize(trimm)]
    street: String,
}

fn main() {}
