//! What the tests of jobs share: a bus on a store in memory, its clock, a worker beside the test.
use bus::clock::{ManualClock, Timestamp};
use bus::driver::{JobFilter, Page};
use bus::job::JobRecord;
use bus::prelude::*;
use bus::{CancellationToken, WorkerBuilder};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long a test waits for what must happen.
const LIMIT: Duration = Duration::from_secs(30);

/// A bus whose jobs are in memory and whose clock stands still.
pub(crate) async fn bus_at(clock: &ManualClock) -> Bus {
    let builder = Bus::builder().partial().store("memory:");
    builder.clock(clock.clone()).build().await.unwrap()
}

/// A bus whose jobs are in memory.
pub(crate) async fn bus() -> Bus {
    let builder = Bus::builder().partial().store("memory:");
    builder.build().await.unwrap()
}

/// A clock that shows some day.
pub(crate) fn clock() -> ManualClock {
    ManualClock::at(Timestamp::from_millis(1_800_000_000_000))
}

/// A worker that runs beside the test.
pub(crate) struct Beside {
    pub(crate) stop: CancellationToken,
    task: JoinHandle<()>,
}

/// Starts a worker beside the test.
pub(crate) fn beside(worker: WorkerBuilder) -> Beside {
    let stop = CancellationToken::new();
    let worker = worker.no_signals().stop_on(stop.clone());
    let task = tokio::spawn(async move { worker.run().await.unwrap() });
    Beside { stop, task }
}

impl Beside {
    /// Waits until it has ended by itself.
    pub(crate) async fn ended(self) {
        let ended = tokio::time::timeout(LIMIT, self.task).await;
        ended.expect("the worker ends").unwrap();
    }

    /// Asks it to end and waits until it has.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.ended().await;
    }
}

/// Runs what is due, to the end.
pub(crate) async fn drain(bus: &Bus) {
    let work = bus.worker().no_signals().until_empty().run();
    let ended = tokio::time::timeout(LIMIT, work).await;
    ended.expect("the worker ends").unwrap();
}

/// All stored jobs, by age.
pub(crate) async fn stored(bus: &Bus) -> Vec<JobRecord> {
    let page = Page {
        order: bus::driver::Order::OldestFirst,
        ..Page::default()
    };
    let jobs = bus.jobs().await.unwrap();
    jobs.list(&JobFilter::default(), page).await.unwrap().jobs
}

/// The only stored job.
pub(crate) async fn only(bus: &Bus) -> JobRecord {
    let mut jobs = stored(bus).await;
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    jobs.remove(0)
}
