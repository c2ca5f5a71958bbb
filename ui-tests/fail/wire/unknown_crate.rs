//! A crate that is not in Cargo.toml.

bus::wire!(billing);

fn main() {}
