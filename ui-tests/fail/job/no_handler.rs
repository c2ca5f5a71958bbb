//! A job that nobody could ever run.
use bus::prelude::*;

#[job]
struct SendReceipt;

fn main() {}
