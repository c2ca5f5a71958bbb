//! Jobs of workers that stopped without a word.
use super::work::{beside, clock, only};
use bus::clock::{Clock, ManualClock};
use bus::driver::{ClaimRequest, Driver, Rescue, Settled, Settlement, WorkerInfo};
use bus::drivers::MemoryDriver;
use bus::id::{QueueName, WorkerId};
use bus::job::{FailureKind, JobFailed, JobState};
use bus::prelude::*;
use bus_tests::{Probe, until};
use std::sync::Arc;
use tokio::sync::Semaphore;

#[job(retries = 1, on_failure = Alert)]
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

impl Scene {
    /// A worker takes a job and is never heard of again; its lease is over.
    async fn lose(&self) -> (WorkerId, Settlement) {
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
        let request = ClaimRequest::one(QueueName::DEFAULT, 1);
        let mut claims = self.driver.claim(id, &request, now).await.unwrap();
        let lease = claims.jobs.remove(0).lease;
        self.clock.advance(31 * SECOND);
        (
            id,
            Settlement::completed(lease, None, bus::driver::Keep::Drop),
        )
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

#[tokio::test]
async fn one_that_loses_each_of_its_workers_ends_dead_and_is_told_of() {
    let scene = scene().await;
    let job = Fragile.retries(0);
    let ticket = scene.bus.dispatch(job).await.unwrap();
    let _ = scene.lose().await;
    let worker = beside(scene.bus.worker());
    assert_eq!(
        scene.probe.count(1).await,
        ["the worker stopped without a word"]
    );
    worker.end().await;
    let job = only(&scene.bus).await;
    assert_eq!(
        (job.id, job.state, job.attempts),
        (ticket.id(), JobState::Dead, 1)
    );
    assert_eq!(job.failures.len(), 1, "the loss is written once");
    assert_eq!(job.failures[0].kind, FailureKind::Lost);
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
