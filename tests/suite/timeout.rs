//! Executions that take too long.
use super::work::{beside, drain};
use bus::WaitError;
use bus::driver::Selection;
use bus::job::{FailureKind, JobState};
use bus::prelude::*;
use bus_tests::Probe;
use std::time::Duration;

#[job(timeout = "20ms")]
struct Hang {
    forever: bool,
}

#[handler]
async fn hang(job: Hang, cx: &Context, probe: &Probe<&'static str>) {
    if job.forever {
        probe.tell("began");
        cx.cancelled().await;
        probe.tell("told");
        std::future::pending::<()>().await;
    }
}

async fn told() -> (Bus, Probe<&'static str>) {
    let probe = Probe::new();
    let builder = Bus::builder()
        .partial()
        .store("memory:")
        .state(probe.clone());
    (builder.build().await.unwrap(), probe)
}

#[tokio::test]
async fn a_timeout_is_a_failure_and_the_handler_is_told_first() {
    let (bus, probe) = told().await;
    let worker = beside(bus.worker().concurrency(1));
    let slow = bus.dispatch(Hang { forever: true }).await.unwrap();
    let quick = bus.dispatch(Hang { forever: false }).await.unwrap();
    let Err(WaitError::Dead { failure, .. }) = slow.wait().await else {
        panic!("it is dead");
    };
    let failure = failure.unwrap();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert_eq!(failure.message, "no answer within 20ms");
    assert!(failure.began.is_some());
    assert_eq!(probe.heard(), ["began", "told"]);
    quick.wait().await.unwrap();
    worker.end().await;
}

#[tokio::test]
async fn a_dispatch_may_give_more_time() {
    let (bus, probe) = told().await;
    let job = Hang { forever: true }.timeout(Duration::from_millis(120));
    let ticket = bus.dispatch(job).await.unwrap();
    drain(&bus).await;
    let Err(WaitError::Dead { reason, .. }) = ticket.wait().await else {
        panic!("it is dead");
    };
    assert_eq!(reason, "no answer within 120ms");
    assert_eq!(probe.heard(), ["began", "told"]);
}

#[job(timeout = "20ms")]
struct Block;

#[handler]
fn block(_: Block, probe: &Probe<&'static str>) {
    std::thread::sleep(Duration::from_millis(200));
    probe.tell("went on");
}

#[tokio::test]
async fn a_function_that_blocks_is_not_waited_for() {
    let (bus, probe) = told().await;
    let ticket = bus.dispatch(Block).await.unwrap();
    drain(&bus).await;
    assert!(matches!(ticket.wait().await, Err(WaitError::Dead { .. })));
    assert_eq!(probe.heard(), Vec::<&str>::new());
    probe.count(1).await;
}

#[job(timeout = "20ms", throttle = "2 failures/1h")]
struct Call {
    /// Answers when it is told that its time is over, instead of hanging on.
    answers: bool,
}

/// Done in the last step of one that is too late.
#[command(throttle = "1 failures/1h")]
struct HangUp;

#[handler]
async fn hang_up(_: HangUp) {}

#[handler]
async fn call(job: Call, cx: &Context, probe: &Probe<&'static str>) {
    probe.tell("began");
    cx.cancelled().await;
    if job.answers {
        cx.dispatch(HangUp).await.expect("it has no failures");
        return;
    }
    std::future::pending().await
}

#[tokio::test]
async fn a_timeout_counts_for_the_circuit() {
    let (bus, probe) = told().await;
    for answers in [false, true] {
        let ticket = bus.dispatch(Call { answers }).await.unwrap();
        drain(&bus).await;
        let Err(WaitError::Dead { failure, .. }) = ticket.wait().await else {
            panic!("it is dead");
        };
        assert_eq!(failure.unwrap().kind, FailureKind::Timeout);
    }
    let refused = bus.dispatch(Call { answers: true }).await.unwrap();
    drain(&bus).await;
    let jobs = bus.jobs().await.unwrap();
    let refused = jobs.get(refused.id()).await.unwrap().unwrap();
    assert_eq!(refused.state, JobState::Scheduled, "{refused:?}");
    assert_eq!(probe.heard(), ["began", "began"]);
    bus.dispatch(HangUp).await.expect("it was never late");
}

#[job(timeout = "1h", throttle = "1 failures/1h")]
struct Stay;

#[handler]
async fn stay(_: Stay, probe: &Probe<&'static str>) {
    probe.tell("began");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn what_a_person_ends_does_not_count_for_the_circuit() {
    let (bus, probe) = told().await;
    let worker = beside(bus.worker().lease(Duration::from_secs(1)));
    let jobs = bus.jobs().await.unwrap();
    for runs in 1..=2 {
        let ticket = bus.dispatch(Stay).await.unwrap();
        probe.count(runs).await;
        let one = Selection::Ids(vec![ticket.id()]);
        jobs.cancel(&one, "enough").await.unwrap();
        let ended = ticket.wait().await;
        assert!(matches!(ended, Err(WaitError::Cancelled { .. })));
    }
    worker.end().await;
}
