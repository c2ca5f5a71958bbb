//! A field that no store gives back.
use bus::prelude::*;

#[job]
struct SendReceipt {
    to: &'static str,
}

#[handler]
async fn send_receipt(job: SendReceipt) {
    println!("to {}", job.to);
}

fn main() {}
