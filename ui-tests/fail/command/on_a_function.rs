//! The attribute of types on a function.
use bus::prelude::*;

#[command]
async fn place_order() {}

fn main() {}
