//! A job that would follow its own failure for ever.
use bus::prelude::*;

#[job(on_failure = SendReceipt)]
struct SendReceipt;

#[handler]
async fn send_receipt(_: SendReceipt) {}

fn main() {}
