//! What becomes of a job that fails, or says more than that.
use super::work::{bus_at, clock, drain, only, stored};
use bus::clock::{Clock, ManualClock};
use bus::job::{Classify, Fate, JobFailed, JobState};
use bus::prelude::*;
use bus::{JobInfo, WaitError};
use bus_tests::Probe;
use std::fmt;

#[derive(Debug)]
enum PayError {
    Declined,
    Busy,
    Later,
    Pointless,
}

impl fmt::Display for PayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for PayError {}

impl Classify for PayError {
    fn classify(&self) -> Fate {
        match self {
            Self::Later => Fate::Defer(MINUTE),
            Self::Pointless => Fate::Cancel,
            _ => Fate::Retry,
        }
    }
}

#[job(error = PayError, retries = 2, backoff = "list(10s, 1m)", no_retry(Declined), on_failure = Alert)]
struct Pay(String);

#[handler]
async fn pay(job: Pay) -> Result<(), PayError> {
    match job.0.as_str() {
        "declined" => Err(PayError::Declined),
        "later" => Err(PayError::Later),
        "pointless" => Err(PayError::Pointless),
        _ => Err(PayError::Busy),
    }
}

#[job]
struct Alert(String);

impl From<JobFailed> for Alert {
    fn from(failed: JobFailed) -> Self {
        Self(format!("{} {}", failed.payload, failed.failure))
    }
}

#[handler]
async fn alert(job: Alert, probe: &Probe<String>) {
    probe.tell(job.0);
}

async fn told(clock: &ManualClock) -> (Bus, Probe<String>) {
    let probe = Probe::new();
    let builder = Bus::builder()
        .partial()
        .store("memory:")
        .clock(clock.clone());
    (builder.state(probe.clone()).build().await.unwrap(), probe)
}

#[tokio::test]
async fn each_retry_is_stored_with_its_due_time_until_none_is_left() {
    let clock = clock();
    let (bus, probe) = told(&clock).await;
    let ticket = bus.dispatch(Pay("busy".into())).await.unwrap();
    for (attempts, pause) in [(1, 10 * SECOND), (2, MINUTE)] {
        drain(&bus).await;
        let job = only(&bus).await;
        assert_eq!((job.state, job.attempts), (JobState::Retryable, attempts));
        assert_eq!(job.run_at, clock.now() + pause);
        assert_eq!(job.failures.len(), attempts as usize);
        clock.advance(pause - SECOND);
        drain(&bus).await;
        assert_eq!(only(&bus).await.attempts, attempts, "it is not due yet");
        clock.advance(SECOND);
    }
    drain(&bus).await;
    match ticket.wait().await {
        Err(WaitError::Dead {
            reason, failure, ..
        }) => {
            assert_eq!((reason.as_str(), failure.unwrap().attempt), ("Busy", 3));
        }
        other => panic!("{other:?}"),
    }
    drain(&bus).await;
    assert_eq!(probe.heard(), ["\"busy\" attempt 3: error: Busy"]);
}

#[tokio::test]
async fn an_error_may_end_the_job_at_once() {
    let clock = clock();
    let (bus, probe) = told(&clock).await;
    let ticket = bus.dispatch(Pay("declined".into())).await.unwrap();
    drain(&bus).await;
    assert!(matches!(ticket.wait().await, Err(WaitError::Dead { .. })));
    drain(&bus).await;
    assert_eq!(probe.heard(), ["\"declined\" attempt 1: error: Declined"]);
}

#[tokio::test]
async fn a_worker_that_drains_runs_what_follows_too() {
    let clock = clock();
    let (bus, probe) = told(&clock).await;
    bus.dispatch(Pay("declined".into())).await.unwrap();
    drain(&bus).await;
    assert_eq!(
        probe.heard().len(),
        1,
        "the alert was sent by the same worker"
    );
}

#[tokio::test]
async fn an_error_may_put_off_or_cancel_and_costs_no_retry() {
    let clock = clock();
    let (bus, probe) = told(&clock).await;
    let pointless = bus.dispatch(Pay("pointless".into())).await.unwrap();
    drain(&bus).await;
    assert!(matches!(
        pointless.wait().await,
        Err(WaitError::Cancelled { .. })
    ));
    let later = bus.dispatch(Pay("later".into())).await.unwrap();
    drain(&bus).await;
    let job = later.status().await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Scheduled);
    assert_eq!((job.attempts, job.deferrals), (0, 1));
    assert_eq!(job.run_at, clock.now() + MINUTE);
    assert_eq!(probe.heard(), Vec::<String>::new());
}

#[job(output = u32, retries = 5)]
struct Think(String);

#[handler]
async fn think(job: Think, info: JobInfo) -> Outcome<u32> {
    match (job.0.as_str(), info.delivery) {
        ("retry", 1) => Outcome::retry_after(MINUTE).because("too tired"),
        ("defer", 1) => Outcome::defer(MINUTE),
        ("cancel", _) => Outcome::cancel("no use"),
        ("fail", _) => Outcome::fail("impossible"),
        ("skip", _) => Outcome::skip(),
        _ => Outcome::done(info.attempt),
    }
}

#[tokio::test]
async fn an_outcome_says_what_becomes_of_the_job() {
    let clock = clock();
    let bus = bus_at(&clock).await;
    let mut tickets = Vec::new();
    for what in ["retry", "defer", "cancel", "fail", "skip", "done"] {
        tickets.push(bus.dispatch(Think(what.into())).await.unwrap());
    }
    drain(&bus).await;
    let retry = tickets[0].status().await.unwrap().unwrap();
    assert_eq!((retry.state, retry.attempts), (JobState::Retryable, 1));
    assert_eq!(
        retry.failures[0].message,
        "asked to be run again: too tired"
    );
    clock.advance(MINUTE);
    drain(&bus).await;
    let mut ends = Vec::new();
    for ticket in tickets {
        ends.push(match ticket.wait().await {
            Ok(attempt) => format!("done in attempt {attempt}"),
            Err(WaitError::Cancelled { reason, .. } | WaitError::Dead { reason, .. }) => reason,
            Err(WaitError::NoOutput { .. }) => "skipped".into(),
            Err(other) => panic!("{other}"),
        });
    }
    let expected = [
        "done in attempt 2",
        "done in attempt 1",
        "no use",
        "impossible",
        "skipped",
        "done in attempt 1",
    ];
    assert_eq!(ends, expected);
}

#[job(retries = 100, backoff = "fixed(1m)", retry_until = "150s")]
struct Stubborn;

#[handler]
async fn stubborn(_: Stubborn) -> Result<(), bus::BoxError> {
    Err("never".into())
}

#[tokio::test]
async fn no_retry_is_later_than_retry_until() {
    let clock = clock();
    let bus = bus_at(&clock).await;
    bus.dispatch(Stubborn).await.unwrap();
    for _ in 0..4 {
        drain(&bus).await;
        clock.advance(MINUTE);
    }
    let job = only(&bus).await;
    assert_eq!((job.state, job.attempts), (JobState::Dead, 3));
}

#[job(rate = "1/h")]
struct Rare;

#[handler]
async fn rare(_: Rare) {}

#[tokio::test]
async fn over_its_rate_a_job_is_put_off_to_the_exact_time() {
    let clock = clock();
    let bus = bus_at(&clock).await;
    bus.dispatch(Rare).await.unwrap();
    bus.dispatch(Rare).await.unwrap();
    drain(&bus).await;
    let waiting = stored(&bus).await;
    assert_eq!(waiting.len(), 1, "one ran");
    let job = &waiting[0];
    assert_eq!(
        (job.state, job.attempts, job.deferrals),
        (JobState::Scheduled, 0, 1)
    );
    let pause = job.run_at.since(clock.now());
    assert!(pause > 59 * MINUTE && pause <= HOUR, "{pause:?}");
}
