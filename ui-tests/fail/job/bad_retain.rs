//! A retention without a unit.
use bus::prelude::*;

#[job(retain = "7")]
struct SendReceipt;

#[handler]
async fn send_receipt(_: SendReceipt) {}

fn main() {}
