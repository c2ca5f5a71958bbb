//! `fail/job/at_most_once_with_retries.rs`, put right.
use bus::prelude::*;

#[job(queue = "money", at_most_once)]
struct Charge;

#[handler]
async fn charge(_: Charge) {}

fn main() {}
