//! The command is a type with a name.
use bus::prelude::*;

#[handler]
async fn place_order(_: (u32, String)) {}

fn main() {}
