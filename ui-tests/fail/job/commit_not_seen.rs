//! A transaction that the bus does not see.
use bus::prelude::*;
use bus::{BoxError, Commit};

#[job]
struct SendReceipt;

#[handler]
async fn send_receipt(_: SendReceipt) {}

struct Transaction;

async fn order(_: &Bus, transaction: Transaction) -> Result<(), BoxError> {
    SendReceipt.dispatch_after_commit(&transaction)?;
    transaction.commit().await?;
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
