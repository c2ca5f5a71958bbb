//! A slip of the pen.
use bus::prelude::*;

#[job(qeue = "emails")]
struct SendReceipt;

#[handler]
async fn send_receipt(_: SendReceipt) {}

fn main() {}
