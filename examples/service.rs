//! A service whose methods are handlers: `#[handlers]` on its `impl` block.
//!
//! `cargo run --example service`
use bus::prelude::*;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Puts money into an account; answers the balance.
#[command(output = u64)]
struct Deposit {
    account: &'static str,
    #[validate(range(min = 1))]
    amount: u64,
}

/// Moves money between two accounts.
#[command(error = BankError)]
struct Transfer {
    from: &'static str,
    to: &'static str,
    #[validate(range(min = 1))]
    amount: u64,
}

#[derive(Debug, PartialEq, thiserror::Error)]
enum BankError {
    #[error("only {0} there")]
    TooLittle(u64),
}

/// The service is state of the bus: one value, shared, so what changes is in a lock.
#[derive(Default)]
struct Bank {
    accounts: Mutex<HashMap<&'static str, u64>>,
}

#[handlers]
impl Bank {
    #[handler]
    async fn deposit(&self, deposit: Deposit) -> u64 {
        self.with(|accounts| {
            let balance = accounts.entry(deposit.account).or_default();
            *balance += deposit.amount;
            *balance
        })
    }

    #[handler]
    fn transfer(&self, transfer: Transfer, cx: &Context) -> Result<(), BankError> {
        println!("{} moves {}", cx.id(), transfer.amount);
        self.with(|accounts| {
            let from = accounts.entry(transfer.from).or_default();
            if *from < transfer.amount {
                return Err(BankError::TooLittle(*from));
            }
            *from -= transfer.amount;
            *accounts.entry(transfer.to).or_default() += transfer.amount;
            Ok(())
        })
    }

    /// A method without `#[handler]` stays what it is.
    fn with<T>(&self, change: impl FnOnce(&mut HashMap<&'static str, u64>) -> T) -> T {
        change(&mut self.accounts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[tokio::main]
async fn main() -> Result<(), bus::BoxError> {
    let bus = Bus::builder().state(Bank::default()).build().await?;
    let (account, from, to) = ("ann", "ann", "bob");

    bus.dispatch(Deposit { account, amount: 5 }).await?;
    let balance = bus.dispatch(Deposit { account, amount: 5 }).await?;
    bus.dispatch(Transfer {
        from,
        to,
        amount: 7,
    })
    .await?;
    let refused = bus
        .dispatch(Transfer {
            from,
            to,
            amount: 7,
        })
        .await;

    assert_eq!(balance, 10);
    let error = refused.expect_err("3 are left").into_handler();
    assert_eq!(error, Some(BankError::TooLittle(3)));
    // The service is at hand outside handlers too.
    let bank = bus.state::<Bank>().expect("given above");
    assert_eq!(bank.with(|accounts| accounts["bob"]), 7);
    println!("{}", bus::registry());
    Ok(())
}
