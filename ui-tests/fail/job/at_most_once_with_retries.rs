//! Retries of a job that must not run twice.
use bus::prelude::*;

#[job(queue = "money", at_most_once, retries = 3)]
struct Charge;

#[handler]
async fn charge(_: Charge) {}

fn main() {}
