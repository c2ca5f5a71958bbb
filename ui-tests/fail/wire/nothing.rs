//! `wire!` takes crates.

bus::wire!();

fn main() {}
