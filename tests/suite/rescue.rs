//! Jobs of workers that stopped without a word.
use super::work::{beside, clock, drain, only, stored};
use bus::clock::{Clock, ManualClock};
use bus::codec::Envelope;
use bus::driver::{ClaimRequest, Driver, Rescue, Selection, Settled, Settlement, WorkerInfo};
use bus::drivers::MemoryDriver;
use bus::id::{CommandName, QueueName, WorkerId};
use bus::job::{FailureKind, Job, JobFailed, JobOptions, JobRecord, JobState, NewJob};
use bus::prelude::*;
use bus_tests::{Probe, until};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

#[job(retries = 1)]
struct Fragile;

#[handler]
async fn fragile(_: Fragile, probe: &Probe<String>, info: bus::JobInfo) {
    probe.tell(format!("attempt {}", info.attempt));
}

#[job]
struct Alert(String);

impl From<JobFailed> for Alert {
    fn from(failed: JobFailed) -> Self {
        Self(failed.failure.message)
    }
}

#[handler]
async fn alert(job: Alert, probe: &Probe<String>) {
    probe.tell(job.0);
}

struct Scene {
    clock: ManualClock,
    driver: Arc<dyn Driver>,
    bus: Bus,
    probe: Probe<String>,
}

async fn scene() -> Scene {
    let (clock, probe) = (clock(), Probe::new());
    let driver: Arc<dyn Driver> = Arc::new(MemoryDriver::new());
    let builder = Bus::builder().partial().clock(clock.clone());
    let builder = builder.driver(Arc::clone(&driver)).state(probe.clone());
    let bus = builder.build().await.unwrap();
    Scene {
        clock,
        driver,
        bus,
        probe,
    }
}

fn kinds(job: &JobRecord) -> Vec<FailureKind> {
    job.failures.iter().map(|failure| failure.kind).collect()
}

impl Scene {
    /// A worker of another queue does the upkeep: the job as it is then.
    async fn rescued(&self) -> JobRecord {
        let worker = beside(self.bus.worker().queues([("elsewhere", 1)]));
        until("the rescue", async || {
            match stored(&self.bus).await[0].state {
                JobState::Running => Err("it is still the lost worker's".to_owned()),
                _ => Ok(()),
            }
        })
        .await;
        worker.end().await;
        stored(&self.bus).await.remove(0)
    }

    /// A worker takes the job and is lost; what becomes of it, until all is done.
    async fn loses_and_goes_on(&self) -> JobRecord {
        let _ = self.lose().await;
        self.rescued().await;
        drain(&self.bus).await;
        only(&self.bus).await
    }

    /// A worker takes a job and is never heard of again; its lease is over.
    async fn lose(&self) -> (WorkerId, Settlement) {
        let (id, mut late) = self.lose_all(1).await;
        (id, late.remove(0))
    }

    /// The same with so many jobs.
    async fn lose_all(&self, jobs: usize) -> (WorkerId, Vec<Settlement>) {
        let now = self.clock.now();
        let id = WorkerId::new();
        let info = WorkerInfo {
            id,
            host: String::new(),
            pid: 1,
            started_at: now,
            lease: 30 * SECOND,
            queues: Vec::new(),
            slots: 1,
            expires_at: now,
        };
        self.driver.heartbeat(&info, now).await.unwrap();
        let request = ClaimRequest::one(QueueName::DEFAULT, jobs);
        let claims = self.driver.claim(id, &request, now).await.unwrap();
        assert_eq!(claims.jobs.len(), jobs);
        self.clock.advance(31 * SECOND);
        let leases = claims.jobs.into_iter().map(|job| job.lease);
        let done = |lease| Settlement::completed(lease, None, bus::driver::Keep::Drop);
        (id, leases.map(done).collect())
    }
}

#[tokio::test]
async fn a_lost_job_runs_again_and_the_loss_counts_as_an_attempt() {
    let scene = scene().await;
    scene.bus.dispatch(Fragile).await.unwrap();
    let (lost, late) = scene.lose().await;
    let worker = beside(scene.bus.worker());
    assert_eq!(scene.probe.count(1).await, ["attempt 2"]);
    let settled = scene.driver.settle(lost, &[late], scene.clock.now()).await;
    assert_eq!(settled.unwrap(), [Settled::LeaseLost], "it woke too late");
    worker.end().await;
    assert_eq!(scene.bus.stats().rescued, 1);
}

/// Runs, unless it is told to fail.
#[job(retain = "1h", on_failure = Alert)]
struct Single {
    fails: bool,
}

#[handler]
async fn single(job: Single, probe: &Probe<String>, info: bus::JobInfo) -> Outcome<()> {
    probe.tell(format!("attempt {}", info.attempt));
    match job.fails {
        true => Outcome::fail("refused"),
        false => Outcome::done(()),
    }
}

#[tokio::test]
async fn one_without_retries_survives_the_loss_of_its_worker() {
    let scene = scene().await;
    scene.bus.dispatch(Single { fails: false }).await.unwrap();
    let job = scene.loses_and_goes_on().await;
    assert_eq!(scene.probe.heard(), ["attempt 2"]);
    assert_eq!((job.state, job.attempts), (JobState::Completed, 2));
    assert_eq!(kinds(&job), [FailureKind::Lost], "the loss is written once");
    let stats = scene.bus.stats();
    assert_eq!((stats.rescued, stats.retried, stats.dead), (1, 0, 0));
}

#[tokio::test]
async fn those_that_were_lost_together_come_back_one_by_one() {
    let scene = scene().await;
    let jobs = (0..3).map(|_| Single { fails: false });
    scene.bus.dispatch_all(jobs).await.unwrap();
    let _ = scene.lose_all(3).await;
    scene.rescued().await;
    let mut due: Vec<_> = stored(&scene.bus).await;
    due.sort_by_key(|job| job.run_at);
    let apart = |pair: &[JobRecord]| pair[1].run_at.since(pair[0].run_at);
    assert_eq!(
        due.windows(2).map(apart).min(),
        Some(Duration::from_millis(10))
    );
    assert_eq!(due[0].state, JobState::Available);
    scene.clock.advance(SECOND);
    drain(&scene.bus).await;
    assert_eq!(scene.probe.heard(), ["attempt 2"; 3]);
}

#[tokio::test]
async fn one_that_fails_after_a_loss_is_dead_at_once() {
    let scene = scene().await;
    let ticket = scene.bus.dispatch(Single { fails: true }).await.unwrap();
    let job = scene.loses_and_goes_on().await;
    assert_eq!(scene.probe.heard(), ["attempt 2", "refused"]);
    assert_eq!(
        (job.id, job.state, job.attempts),
        (ticket.id(), JobState::Dead, 2)
    );
    assert_eq!(kinds(&job), [FailureKind::Lost, FailureKind::Error]);
}

#[tokio::test]
async fn one_that_loses_three_workers_ends_dead_and_is_told_of() {
    // With one retry the first loss is a matter of the store alone.
    for retries in [0, 1, 2] {
        let scene = scene().await;
        let job = Single { fails: false }.retries(retries);
        let ticket = scene.bus.dispatch(job).await.unwrap();
        for loss in 1..3 {
            let _ = scene.lose().await;
            let job = scene.rescued().await;
            assert_eq!((job.state, job.attempts), (JobState::Available, loss));
        }
        let job = scene.loses_and_goes_on().await;
        assert_eq!(scene.probe.heard(), ["the worker stopped without a word"]);
        assert_eq!(
            (job.id, job.state, job.attempts),
            (ticket.id(), JobState::Dead, 3)
        );
        assert_eq!(kinds(&job), [FailureKind::Lost; 3]);
        let stats = scene.bus.stats();
        assert_eq!((stats.rescued, stats.dead, stats.cancelled), (3, 1, 0));
    }
}

#[tokio::test]
async fn one_with_more_attempts_than_losses_goes_on() {
    let scene = scene().await;
    let job = Single { fails: false }.retries(3);
    scene.bus.dispatch(job).await.unwrap();
    for _ in 0..3 {
        let _ = scene.lose().await;
        assert_eq!(scene.rescued().await.state, JobState::Available);
    }
}

#[tokio::test]
async fn one_that_was_to_end_when_its_worker_was_lost_is_cancelled() {
    let scene = scene().await;
    let ticket = scene.bus.dispatch(Single { fails: false }).await.unwrap();
    let _ = scene.lose().await;
    let this = Selection::Ids(vec![ticket.id()]);
    let jobs = scene.bus.jobs().await.unwrap();
    assert_eq!(jobs.cancel(&this, "withdrawn").await.unwrap().requested, 1);
    assert_eq!(scene.rescued().await.state, JobState::Cancelled);
    drain(&scene.bus).await;
    assert!(scene.probe.heard().is_empty());
    let stats = scene.bus.stats();
    assert_eq!((stats.rescued, stats.dead, stats.cancelled), (1, 0, 1));
}

/// Must rather not run than run twice.
#[job(at_most_once, on_failure = Alert)]
struct Pay;

#[handler]
async fn pay(_: Pay, probe: &Probe<String>, gate: Option<&Semaphore>) {
    probe.tell("paid".to_owned());
    if let Some(gate) = gate {
        gate.acquire().await.unwrap().forget();
    }
}

#[tokio::test]
async fn the_loss_of_its_worker_is_final_for_one_that_runs_at_most_once() {
    let scene = scene().await;
    scene.bus.dispatch(Pay).await.unwrap();
    let job = scene.loses_and_goes_on().await;
    assert_eq!(scene.probe.heard(), ["the worker stopped without a word"]);
    assert_eq!((job.state, job.attempts), (JobState::Dead, 1));
    assert_eq!(kinds(&job), [FailureKind::Lost]);
}

/// The job says it itself: a program that has no such job rescues it.
#[tokio::test]
async fn it_is_final_to_a_rescuer_that_does_not_know_the_job() {
    let scene = scene().await;
    let now = scene.clock.now();
    let stored = |name, at_most_once| {
        let options = JobOptions {
            at_most_once,
            ..JobOptions::DEFAULT
        };
        NewJob::new(
            Envelope::new(CommandName::from_static(name), 1, "{}"),
            &options,
            now,
        )
    };
    for (name, at_most_once, kinds_of_end) in [
        ("elsewhere.pay", true, &[FailureKind::Lost][..]),
        (
            "elsewhere.mail",
            false,
            &[FailureKind::Lost, FailureKind::Parked],
        ),
    ] {
        let job = stored(name, at_most_once);
        let this = Selection::Ids(vec![job.id]);
        scene.driver.push(vec![job], now).await.unwrap();
        let job = scene.loses_and_goes_on().await;
        assert_eq!((job.state, job.attempts), (JobState::Dead, 1));
        assert_eq!(kinds(&job), kinds_of_end);
        scene.bus.jobs().await.unwrap().delete(&this).await.unwrap();
    }
}

#[tokio::test]
async fn one_that_runs_at_most_once_takes_no_retries() {
    let scene = scene().await;
    let refused = scene.bus.dispatch(Pay.retries(1)).await.unwrap_err();
    let told = std::error::Error::source(&refused).and_then(|why| why.source());
    assert_eq!(
        told.unwrap().to_string(),
        "a job that is `at_most_once` has no retries"
    );
    scene.bus.dispatch(Pay.retries(0)).await.unwrap();
    // Nor by hand.
    let options = JobOptions {
        max_attempts: 9,
        ..*Pay::OPTIONS
    };
    let envelope = Envelope::new(CommandName::from_static("pay"), 1, "null");
    let job = NewJob::new(envelope, &options, scene.clock.now());
    assert_eq!(job.max_attempts, 1);
}

/// Given back, it would begin anew.
#[tokio::test]
async fn one_that_runs_at_most_once_is_dead_when_a_shutdown_cuts_it_off() {
    let gate = Arc::new(Semaphore::new(0));
    let probe = Probe::<String>::new();
    let builder = Bus::builder().partial().store("memory:");
    let builder = builder.state(probe.clone()).state_arc(gate);
    let bus = builder.build().await.unwrap();
    bus.dispatch(Pay).await.unwrap();
    let worker = beside(bus.worker().grace(Duration::from_millis(20)));
    probe.count(1).await;
    worker.end().await;
    let jobs = stored(&bus).await;
    assert_eq!((jobs[0].state, jobs[0].attempts), (JobState::Dead, 1));
    assert_eq!(kinds(&jobs[0]), [FailureKind::Lost]);
    assert_eq!((bus.stats().dead, bus.stats().released), (1, 0));
    drain(&bus).await;
    assert_eq!(
        probe.heard(),
        ["paid", "the worker was stopped before it was done"]
    );
}

#[job(output = u32, retries = 9)]
struct Held;

#[handler]
async fn held(_: Held, probe: &Probe<String>, gate: &Semaphore, info: bus::JobInfo) -> u32 {
    probe.tell(format!("delivery {}", info.delivery));
    gate.acquire().await.unwrap().forget();
    info.delivery
}

#[tokio::test]
async fn a_worker_that_gets_its_own_lost_job_again_completes_it() {
    let (clock, probe) = (clock(), Probe::<String>::new());
    let gate = Arc::new(Semaphore::new(0));
    let driver: Arc<dyn Driver> = Arc::new(MemoryDriver::new());
    let builder = Bus::builder().partial().clock(clock.clone());
    let builder = builder.driver(Arc::clone(&driver)).state(probe.clone());
    let bus = builder.state_arc(Arc::clone(&gate)).build().await.unwrap();
    let worker = beside(bus.worker().concurrency(2));
    let ticket = bus.dispatch(Held).await.unwrap();
    probe.count(1).await;
    // Another process takes the worker for lost; the worker knows nothing of it.
    let later = clock.now() + 31 * SECOND;
    let (other, retry_at) = (WorkerId::new(), clock.now());
    let rescue = Rescue {
        by: other,
        retry_at,
        limit: 9,
    };
    assert_eq!(driver.rescue(&rescue, later).await.unwrap().retried, 1);
    assert_eq!(probe.count(2).await, ["delivery 1", "delivery 2"]);
    gate.add_permits(1);
    // Waits for the first execution to be told that it is too late.
    until("the late outcome", async || match bus.stats().lease_lost {
        1 => Ok(()),
        _ => Err(format!("{:?}", bus.stats())),
    })
    .await;
    gate.add_permits(1);
    let done = tokio::time::timeout(30 * SECOND, ticket.wait()).await;
    assert_eq!(done.expect("it is completed").unwrap(), 2);
    // Both slots are free again.
    bus.dispatch_all([Held, Held]).await.unwrap();
    probe.count(4).await;
    gate.add_permits(2);
    worker.end().await;
    assert_eq!((bus.stats().completed, bus.stats().lease_lost), (3, 1));
}
