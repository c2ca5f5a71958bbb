//! A delay without a unit.
use bus::prelude::*;

#[job(delay = "5")]
struct SendReceipt;

#[handler]
async fn send_receipt(_: SendReceipt) {}

fn main() {}
