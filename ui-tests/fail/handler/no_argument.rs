//! A handler takes its command.
use bus::prelude::*;

#[handler]
async fn place_order() {}

fn main() {}
