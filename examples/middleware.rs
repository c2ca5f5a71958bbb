//! Middleware: your own, functions, around one command or all, and the provided ones.
//!
//! `cargo run --example middleware`
use bus::layers::{Cache, Catch, Overlap, RateLimit, Retry, Throttle, Timeout, Trace, Translate};
use bus::prelude::*;
use bus::{BoxError, Error};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Looks up a price.
#[command(output = u32, error = PriceError, middleware = [no_gold, Audit::default()])]
#[derive(Clone)]
struct PriceOf(&'static str);

#[derive(Debug, PartialEq, thiserror::Error)]
enum PriceError {
    #[error("nothing is called `{0}`")]
    Unknown(&'static str),
    #[error("not for sale")]
    NotForSale,
}

static LOOKUPS: AtomicU32 = AtomicU32::new(0);

#[handler]
async fn price_of(price: PriceOf) -> Result<u32, PriceError> {
    LOOKUPS.fetch_add(1, Ordering::Relaxed);
    match price.0 {
        "tea" => Ok(4),
        "cup" => Ok(9),
        "air" => panic!("nobody sells air"),
        other => Err(PriceError::Unknown(other)),
    }
}

/// A type is a middleware when it implements the trait.
#[derive(Default)]
struct Audit {
    count: AtomicU32,
}

impl Middleware for Audit {
    async fn handle(&self, call: Call<'_>, next: Next<'_>) -> Verdict {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let asked = call.command(|command: &PriceOf| command.0);
        let verdict = next.run().await;
        println!("  audit {number}: {asked:?} ok = {}", verdict.is_ok());
        verdict
    }
}

/// A function is one too. This one answers by itself, without going further.
async fn no_gold(call: Call<'_>, next: Next<'_>) -> Verdict {
    if call.command(|command: &PriceOf| command.0) == Some("gold") {
        let refusal = Error::Handler(PriceError::NotForSale);
        return call.fail(refusal).expect("the error of this command");
    }
    next.run().await
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let names = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&names);
    // A closure that captures something.
    let remember = bus::layers::from_fn(move |call, next| {
        let name = call.descriptor().short_name();
        seen.lock().expect("nobody panicked").push(name);
        Box::pin(next.run())
    });
    let second = Duration::from_secs(1);
    let prices = Cache::of::<PriceOf, _>(60 * second, |price| price.0);
    // One thing only: what is unknown costs nothing.
    let free = Translate::of::<PriceOf>(|answer| match answer {
        Err(Error::Handler(PriceError::Unknown("nothing"))) => Ok(0),
        other => other,
    });

    // The first is the outermost; each of these meets every command of the bus.
    let bus = Bus::builder()
        .middleware(Trace::new())
        .middleware(Catch::new())
        .middleware(remember)
        .middleware(prices.clone())
        .middleware(RateLimit::new(1000, second))
        .middleware(Throttle::new(50, 60 * second))
        .middleware(Retry::times(1).only(|_, failure| failure.retry_after.is_some()))
        .middleware(Overlap::wait().keyed(|call| call.command(|price: &PriceOf| price.0)))
        .middleware(Timeout::new(second))
        .middleware(free)
        .build()
        .await?;

    for _ in 0..3 {
        assert_eq!(bus.dispatch(PriceOf("tea")).await?, 4);
    }
    assert_eq!(LOOKUPS.load(Ordering::Relaxed), 1, "the cache answers");
    prices.forget(&"tea");
    assert_eq!(bus.dispatch(PriceOf("tea")).await?, 4);
    assert_eq!(LOOKUPS.load(Ordering::Relaxed), 2);

    assert_eq!(bus.dispatch(PriceOf("nothing")).await?, 0);
    let gold = bus.dispatch(PriceOf("gold")).await;
    assert!(matches!(gold, Err(Error::Handler(PriceError::NotForSale))));
    let air = bus.dispatch(PriceOf("air")).await;
    assert!(matches!(air, Err(Error::Panicked(_))));

    assert_eq!(names.lock().expect("nobody panicked").len(), 7);
    Ok(())
}
