//! `fail/job/commit_not_seen.rs`, put right.
use bus::prelude::*;
use bus::{BoxError, Commit};

#[job]
struct SendReceipt;

#[handler]
async fn send_receipt(_: SendReceipt) {}

struct Transaction;

async fn order(bus: &Bus, transaction: Transaction) -> Result<(), BoxError> {
    let tx = bus.after_commit(transaction);
    SendReceipt.dispatch_after_commit(&tx)?;
    tx.commit().await?;
    Ok(())
}

impl Commit for Transaction {
    type Error = std::io::Error;

    async fn commit(self) -> Result<(), std::io::Error> {
        Ok(())
    }

    async fn roll_back(self) -> Result<(), std::io::Error> {
        Ok(())
    }
}

fn main() {}
