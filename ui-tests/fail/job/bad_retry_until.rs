//! An end of retries that is no duration.
use bus::prelude::*;

#[job(retries = 3, retry_until = "tomorrow")]
struct SendReceipt;

#[handler]
async fn send_receipt(_: SendReceipt) {}

fn main() {}
