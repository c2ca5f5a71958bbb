//! An exception from retries where there are none.
use bus::prelude::*;

#[job(no_retry(std::num::ParseIntError))]
struct SendReceipt;

#[handler]
async fn send_receipt(_: SendReceipt) {}

fn main() {}
