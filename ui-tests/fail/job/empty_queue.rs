//! A queue without a name.
use bus::prelude::*;

#[job(queue = "")]
struct SendReceipt;

#[handler]
async fn send_receipt(_: SendReceipt) {}

fn main() {}
