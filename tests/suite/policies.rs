//! Time-outs, retries and the circuit breaker as they are declared; and what errors say.
use bus::prelude::*;
use bus::{BoxError, Error, ErrorKind};
use bus_tests::Script;
use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, advance};

const SECOND: Duration = Duration::from_secs(1);

async fn bus(script: &Script) -> Bus {
    let bus = Bus::builder().state(script.clone()).partial();
    bus.build().await.unwrap()
}

#[command(output = u32, timeout = "2s")]
struct Slow(u32);

#[handler]
async fn slow(cmd: Slow, script: &Script) -> Result<u32, BoxError> {
    script.run(cmd.0).await
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_takes_too_long_is_dropped() {
    let script = Script::takes(2 * SECOND - Duration::from_millis(1));
    let bus = bus(&script).await;
    assert_eq!(bus.dispatch(Slow(1)).await.unwrap(), 1);
    script.set_time(3 * SECOND);
    let begun = Instant::now();
    match bus.dispatch(Slow(2)).await {
        Err(Error::TimedOut { command, after, .. }) => {
            assert_eq!((command.short_name(), after), ("Slow", 2 * SECOND));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(begun.elapsed(), 2 * SECOND);
    assert_eq!(script.running(), 0, "it was dropped");
    script.set_time(Duration::ZERO);
    assert_eq!(bus.dispatch(Slow(3)).await.unwrap(), 3);
}

#[derive(Clone)]
#[command(output = u32, retries = 3, backoff = "exponential(1s, max = 3s)")]
struct Flaky(u32);

#[handler]
async fn flaky(cmd: Flaky, script: &Script) -> Result<u32, BoxError> {
    script.run(cmd.0).await
}

#[tokio::test(start_paused = true)]
async fn a_failed_handler_is_run_again_after_each_pause() {
    let script = Script::takes(Duration::ZERO);
    script.fail_first(2);
    let bus = bus(&script).await;
    let begun = Instant::now();
    assert_eq!(bus.dispatch(Flaky(7)).await.unwrap(), 7);
    assert_eq!(script.order(), [7, 7, 7]);
    assert_eq!(begun.elapsed(), 3 * SECOND, "1 s, 2 s");
    script.set(&Script::fails());
    let begun = Instant::now();
    let error = bus.dispatch(Flaky(8)).await.unwrap_err();
    assert_eq!(error.to_string(), "the script fails");
    assert_eq!(script.runs(), 3 + 4, "once and three retries");
    assert_eq!(begun.elapsed(), 6 * SECOND, "1 s, 2 s, at most 3 s");
}

#[derive(Clone)]
#[command(output = u32, retries = 5, backoff = "list(10ms, 20ms)", timeout = "100ms")]
struct Hurried {
    #[validate(range(max = 9))]
    value: u32,
}

#[handler]
async fn hurried(cmd: Hurried, script: &Script) -> Result<u32, BoxError> {
    script.run(cmd.value).await
}

#[tokio::test(start_paused = true)]
async fn the_timeout_holds_for_all_runs_together() {
    let script = Script::fails();
    let bus = bus(&script).await;
    let begun = Instant::now();
    // 10 + 20 + 20 + 20 + 20 ms of pauses fit.
    assert!(matches!(
        bus.dispatch(Hurried { value: 1 }).await,
        Err(Error::Handler(_))
    ));
    assert_eq!((script.runs(), begun.elapsed().as_millis()), (6, 90));
    script.set_time(Duration::from_millis(30));
    let begun = Instant::now();
    assert!(matches!(
        bus.dispatch(Hurried { value: 1 }).await,
        Err(Error::TimedOut { .. })
    ));
    assert_eq!((script.runs(), begun.elapsed().as_millis()), (6 + 3, 100));
}

#[tokio::test(start_paused = true)]
async fn what_the_handler_did_not_decide_is_not_retried() {
    let script = Script::fails();
    let bus = bus(&script).await;
    assert!(matches!(
        bus.dispatch(Hurried { value: 10 }).await,
        Err(Error::Invalid(_))
    ));
    let without = Bus::builder().partial().build().await.unwrap();
    let begun = Instant::now();
    assert!(matches!(
        without.dispatch(Hurried { value: 1 }).await,
        Err(Error::Missing { .. })
    ));
    assert_eq!((script.runs(), begun.elapsed()), (0, Duration::ZERO));
}

fn by_hand(failed: u32) -> Duration {
    SECOND * failed * 10
}

#[derive(Clone)]
#[command(retries = 2, backoff = by_hand)]
struct Paced;

#[handler]
async fn paced(_: Paced, script: &Script) -> Result<(), BoxError> {
    script.run(0).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn a_function_may_say_the_pause() {
    let script = Script::fails();
    let bus = bus(&script).await;
    let begun = Instant::now();
    assert!(bus.dispatch(Paced).await.is_err());
    assert_eq!(begun.elapsed(), 30 * SECOND, "10 s, 20 s");
}

#[derive(Debug)]
enum PayError {
    Down,
    Declined,
}

impl fmt::Display for PayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Down => "the bank is down",
            Self::Declined => "the card was declined",
        })
    }
}

impl std::error::Error for PayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        matches!(self, Self::Down).then_some(&fmt::Error)
    }
}

#[derive(Clone, Copy)]
enum Bank {
    Up,
    Down,
    Declines,
}

#[command(error = PayError, throttle("2 failures/1m", only(PayError::Down)))]
struct Pay(Bank);

#[handler]
async fn pay(cmd: Pay) -> Result<(), PayError> {
    match cmd.0 {
        Bank::Up => Ok(()),
        Bank::Down => Err(PayError::Down),
        Bank::Declines => Err(PayError::Declined),
    }
}

#[tokio::test(start_paused = true)]
async fn the_circuit_opens_for_what_counts_and_one_tries_after_the_period() {
    let minute = 60 * SECOND;
    for _ in 0..10 {
        let declined = bus::dispatch(Pay(Bank::Declines)).await;
        assert!(matches!(declined, Err(Error::Handler(PayError::Declined))));
    }
    for _ in 0..2 {
        let down = bus::dispatch(Pay(Bank::Down)).await;
        assert!(matches!(down, Err(Error::Handler(PayError::Down))));
    }
    let refused = bus::dispatch(Pay(Bank::Up)).await.unwrap_err();
    assert_eq!(refused.retry_after(), Some(minute));
    let text = refused.to_string();
    assert!(
        text.ends_with("Pay` failed too often lately, retry after 60s"),
        "{text}"
    );
    advance(minute - SECOND).await;
    let refused = bus::dispatch(Pay(Bank::Up)).await.unwrap_err();
    assert_eq!(refused.retry_after(), Some(SECOND));
    advance(SECOND).await;
    // The one that tries fails: open for another period.
    assert!(matches!(
        bus::dispatch(Pay(Bank::Down)).await,
        Err(Error::Handler(_))
    ));
    assert!(matches!(
        bus::dispatch(Pay(Bank::Up)).await,
        Err(Error::CircuitOpen { .. })
    ));
    advance(minute).await;
    bus::dispatch(Pay(Bank::Up)).await.unwrap();
    // Closed: failures are counted from the beginning.
    assert!(matches!(
        bus::dispatch(Pay(Bank::Down)).await,
        Err(Error::Handler(_))
    ));
    bus::dispatch(Pay(Bank::Up)).await.unwrap();
}

#[command(output = u32, throttle = "1 failure/1m", timeout = "1s")]
struct Hanging(u32);

#[handler]
async fn hanging(cmd: Hanging, script: &Script) -> Result<u32, BoxError> {
    script.run(cmd.0).await
}

#[tokio::test(start_paused = true)]
async fn of_many_that_come_after_the_open_time_one_tries() {
    let script = Script::fails();
    let bus = bus(&script).await;
    assert!(matches!(
        bus.dispatch(Hanging(0)).await,
        Err(Error::Handler(_))
    ));
    advance(60 * SECOND).await;
    script.set(&Script::takes(SECOND / 2));
    let tasks: Vec<_> = (1..=100)
        .map(|n| {
            let bus = bus.clone();
            tokio::spawn(async move { bus.dispatch(Hanging(n)).await })
        })
        .collect();
    let mut kinds = Vec::new();
    for task in tasks {
        kinds.push(task.await.unwrap().map_err(|error| error.kind()));
    }
    let tried = kinds.iter().filter(|kind| kind.is_ok()).count();
    let refused = kinds
        .iter()
        .filter(|kind| **kind == Err(ErrorKind::CircuitOpen))
        .count();
    assert_eq!((tried, refused), (1, 99));
    assert_eq!(script.runs(), 2);
    assert!(bus.dispatch(Hanging(101)).await.is_ok(), "it closed");
}

#[tokio::test(start_paused = true)]
async fn errors_say_what_was_asked_and_lead_to_the_cause() {
    // The handler's own words are not repeated, its source is the error's.
    let error = bus::dispatch(Fails).await.unwrap_err();
    assert_eq!(error.to_string(), "the bank is down");
    assert!(error.source().unwrap().is::<fmt::Error>());
    let error: BoxError = error.into();
    assert!(error.downcast_ref::<Error<PayError>>().is_some());
    // A boxed one likewise.
    let error = bus::dispatch(FailsBoxed).await.unwrap_err();
    assert_eq!(error.to_string(), "the bank is down");
    assert!(error.source().unwrap().is::<fmt::Error>());
    // One dispatched inside is a cause like any other.
    let error = bus::dispatch(Asks).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Handler);
    assert_eq!(error.to_string(), "the bank is down");
}

#[command(error = PayError)]
struct Fails;

#[handler]
fn fails(_: Fails) -> Result<(), PayError> {
    Err(PayError::Down)
}

#[command]
struct FailsBoxed;

#[handler]
fn fails_boxed(_: FailsBoxed) -> Result<(), BoxError> {
    Err(PayError::Down)?
}

#[command]
struct Asks;

#[handler]
async fn asks(_: Asks) -> Result<(), BoxError> {
    bus::dispatch(Fails).await?;
    Ok(())
}

struct Guard(Arc<()>);

#[command]
struct Holds;

#[handler]
async fn holds(_: Holds, guard: &Guard) {
    let _held = Arc::clone(&guard.0);
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn a_dispatch_that_is_dropped_drops_its_handler() {
    let held = Arc::new(());
    let bus = Bus::builder().state(Guard(Arc::clone(&held))).partial();
    let bus = bus.build().await.unwrap();
    let task = tokio::spawn({
        let bus = bus.clone();
        async move { bus.dispatch(Holds).await }
    });
    tokio::task::yield_now().await;
    assert_eq!(Arc::strong_count(&held), 3, "the handler has it");
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(Arc::strong_count(&held), 2);
}

#[command(output = u32, throttle = "2 failures/1m", timeout = "1s")]
struct Hung;

#[handler]
async fn hung(_: Hung, script: &Script) -> Result<u32, BoxError> {
    script.run(0).await
}

#[tokio::test(start_paused = true)]
async fn what_hangs_opens_the_circuit_and_who_goes_away_does_not() {
    let script = Script::takes(3600 * SECOND);
    let bus = bus(&script).await;
    for _ in 0..5 {
        let gone = tokio::time::timeout(SECOND / 2, bus.dispatch(Hung)).await;
        assert!(gone.is_err(), "its caller gave up first");
    }
    // The time-out that the command declares, and the deadline of a request.
    let late = bus.dispatch(Hung).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::TimedOut);
    let hurried = bus.context().with_timeout(SECOND / 2);
    let late = hurried.dispatch(Hung).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::TimedOut);
    let refused = bus.dispatch(Hung).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::CircuitOpen);
    assert_eq!(script.runs(), 7);
    // The one that tries hangs too: it stays open.
    advance(60 * SECOND).await;
    let late = bus.dispatch(Hung).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::TimedOut);
    let refused = bus.dispatch(Hung).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::CircuitOpen);
}
