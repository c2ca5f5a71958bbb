//! Executions that take too long.
use super::work::{beside, drain};
use bus::WaitError;
use bus::job::FailureKind;
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
