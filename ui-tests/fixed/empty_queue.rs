//! `fail/job/empty_queue.rs`, put right.
use bus::prelude::*;

#[job(queue = "receipts")]
struct SendReceipt;

#[handler]
async fn send_receipt(_: SendReceipt) {}

fn main() {}
