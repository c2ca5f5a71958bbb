//! `fail/job/field_borrowed.rs`, put right.
use bus::prelude::*;

#[job]
struct SendReceipt {
    to: String,
}

#[handler]
async fn send_receipt(job: SendReceipt) {
    println!("to {}", job.to);
}

fn main() {}
