//! Limits that stand on the command: rate, time, tries, and a circuit breaker.
//!
//! `cargo run --example limits`
use bus::prelude::*;
use bus::{BoxError, Error};
use std::sync::atomic::{AtomicU32, Ordering};

/// Two at once, then one a minute; each account has a limit of its own.
#[command(rate = "1/m burst 2 per account")]
struct SendCode {
    account: u32,
}

#[handler]
fn send_code(_: SendCode) {}

/// Is given up after so long; its future is dropped then.
#[command(timeout = "20ms")]
struct Wait;

#[handler]
async fn wait(_: Wait) {
    std::future::pending().await
}

/// Is tried again after a failure: at most three times more, waiting longer each time.
#[command(output = u32, retries = 3, backoff = "exponential(1ms, max = 1s, jitter)")]
#[derive(Clone)]
struct Fetch;

#[handler]
fn fetch(_: Fetch) -> Result<u32, BoxError> {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    match RUNS.fetch_add(1, Ordering::Relaxed) {
        0 | 1 => Err("connection reset".into()),
        run => Ok(run),
    }
}

#[derive(Debug, thiserror::Error)]
enum PayError {
    #[error("the bank does not answer")]
    Unreachable,
    #[error("the card is declined")]
    Declined,
}

/// After two failures in ten minutes nobody asks the bank for ten minutes; then one may try.
/// A declined card says nothing about the bank, so it does not count.
#[command(error = PayError, throttle("2 failures/10m", only(PayError::Unreachable)))]
struct Pay {
    bank_answers: bool,
}

#[handler]
async fn pay(pay: Pay) -> Result<(), PayError> {
    match pay.bank_answers {
        true => Err(PayError::Declined),
        false => Err(PayError::Unreachable),
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    for _ in 0..2 {
        bus::dispatch(SendCode { account: 1 }).await?;
    }
    let third = bus::dispatch(SendCode { account: 1 })
        .await
        .expect_err("over the rate");
    println!("{third}");
    let wait = third.retry_after().expect("a rate says how long to wait");
    assert!((50..=60).contains(&wait.as_secs()), "{wait:?}");
    bus::dispatch(SendCode { account: 2 }).await?;

    let late = bus::dispatch(Wait).await.expect_err("too slow");
    println!("{late}");
    assert!(matches!(late, Error::TimedOut { .. }));

    assert_eq!(bus::dispatch(Fetch).await?, 2, "the third run succeeds");

    for bank_answers in [true, true, false, false] {
        let failed = bus::dispatch(Pay { bank_answers }).await;
        assert!(matches!(failed, Err(Error::Handler(_))));
    }
    let open = bus::dispatch(Pay { bank_answers: true })
        .await
        .expect_err("the circuit is open");
    println!("{open}");
    assert!(matches!(open, Error::CircuitOpen { .. }));
    Ok(())
}
