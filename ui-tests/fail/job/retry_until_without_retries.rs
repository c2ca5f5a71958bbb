//! A limit of retries where there are none.
use bus::prelude::*;

#[job(retry_until = "1d")]
struct SendReceipt;

#[handler]
async fn send_receipt(_: SendReceipt) {}

fn main() {}
