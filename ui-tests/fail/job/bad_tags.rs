//! A tag that is no text.
use bus::prelude::*;

#[job(tags = ["mail", 5])]
struct SendReceipt;

#[handler]
async fn send_receipt(_: SendReceipt) {}

fn main() {}
