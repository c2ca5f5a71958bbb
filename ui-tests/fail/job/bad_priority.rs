//! A priority that no store keeps.
use bus::prelude::*;

#[job(priority = 101)]
struct SendReceipt;

#[handler]
async fn send_receipt(_: SendReceipt) {}

fn main() {}
