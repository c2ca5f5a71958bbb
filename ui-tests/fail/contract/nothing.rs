//! `contract!` takes commands.

bus::contract! {}

fn main() {}
