//! A field that can't be stored.
use bus::prelude::*;
use bus::serde::Deserialize;

#[derive(Deserialize)]
#[serde(crate = "bus::serde")]
struct Address;

#[job]
struct SendReceipt {
    to: Address,
}

#[handler]
async fn send_receipt(_: SendReceipt) {}

fn main() {}
