//! A crate is no text.

bus::wire!("billing");

fn main() {}
