//! A crate that has no `contract!`.

bus::wire!(; crate);

fn main() {}
