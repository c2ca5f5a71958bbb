//! What the behaviours share: a store at hand, times, jobs, short calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::run::Ground;
use crate::clock::Timestamp;
use crate::codec::Envelope;
use crate::driver::{
    ClaimRequest, Claimed, Driver, Heartbeat, MAX_BATCH, Pushed, Settled, Settlement, WorkerInfo,
};
use crate::id::{CommandName, JobId, QueueName, WorkerId};
use crate::job::{JobOptions, JobRecord, JobState, NewJob, Priority};

/// When each behaviour begins.
pub(super) const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// So many seconds after the start.
pub(super) fn at(seconds: u64) -> Timestamp {
    START + Duration::from_secs(seconds)
}

/// The lease of each worker.
pub(super) const LEASE: Duration = Duration::from_secs(30);

pub(super) fn queue(name: &str) -> QueueName {
    QueueName::new(name).must()
}

/// A job due at the start, of three attempts, in the default queue.
pub(super) fn job() -> NewJob {
    let envelope = Envelope::new(CommandName::from_static("shop::Mail"), 1, r#"{"order":7}"#);
    let options = JobOptions {
        max_attempts: 3,
        ..JobOptions::DEFAULT
    };
    NewJob::new(envelope, &options, START)
}

pub(super) fn jobs(count: usize) -> Vec<NewJob> {
    (0..count).map(|_| job()).collect()
}

pub(super) fn job_in(name: &str) -> NewJob {
    NewJob {
        queue: queue(name),
        ..job()
    }
}

pub(super) fn job_due(run_at: Timestamp) -> NewJob {
    NewJob { run_at, ..job() }
}

pub(super) fn job_of(priority: i16, run_at: Timestamp) -> NewJob {
    NewJob {
        priority: Priority::new(priority).must(),
        run_at,
        ..job()
    }
}

pub(super) fn ids<'a>(jobs: impl IntoIterator<Item = &'a Claimed>) -> Vec<JobId> {
    jobs.into_iter().map(Claimed::id).collect()
}

/// What a test takes for granted: if it is not so, the test has failed, with what was there.
pub(super) trait Must<T> {
    fn must(self) -> T;
}

impl<T, E: fmt::Debug> Must<T> for Result<T, E> {
    #[track_caller]
    fn must(self) -> T {
        self.expect("the call succeeds")
    }
}

impl<T> Must<T> for Option<T> {
    #[track_caller]
    fn must(self) -> T {
        self.expect("it is there")
    }
}

/// The store of one behaviour.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    ground: Arc<dyn Ground>,
    pub(super) driver: Arc<dyn Driver>,
}

impl Subject {
    pub(super) async fn open(ground: Arc<dyn Ground>) -> Self {
        let driver = ground.open().await.must();
        driver.migrate().await.must();
        Self { ground, driver }
    }

    /// The same store through a driver of its own, as another process has it.
    pub(super) async fn other(&self) -> Self {
        Self::open(Arc::clone(&self.ground)).await
    }

    /// Ends the driver and opens the store anew.
    pub(super) async fn reopened(self) -> Self {
        self.driver.close().await.must();
        drop(self.driver);
        Self::open(self.ground).await
    }

    pub(super) async fn push(&self, jobs: Vec<NewJob>, now: Timestamp) -> Vec<Pushed> {
        self.driver.push(jobs, now).await.must()
    }

    /// Stores one job at its start and says its id.
    pub(super) async fn stored(&self, job: NewJob) -> JobId {
        let id = job.id;
        assert_eq!(self.push(vec![job], START).await, [Pushed::Stored]);
        id
    }

    pub(super) async fn beat(&self, worker: WorkerId, now: Timestamp) -> Heartbeat {
        let info = WorkerInfo {
            id: worker,
            host: "größe.example".to_owned(),
            pid: 7,
            started_at: START,
            lease: LEASE,
            queues: vec![QueueName::DEFAULT],
            slots: 8,
            expires_at: Timestamp::MIN,
        };
        self.driver.heartbeat(&info, now).await.must()
    }

    /// A new worker that lives at `now`.
    pub(super) async fn worker(&self, now: Timestamp) -> WorkerId {
        let worker = WorkerId::new();
        self.beat(worker, now).await;
        worker
    }

    /// Takes from the default queue.
    pub(super) async fn claim(
        &self,
        worker: WorkerId,
        limit: usize,
        now: Timestamp,
    ) -> Vec<Claimed> {
        self.claim_from(worker, &QueueName::DEFAULT, limit, now)
            .await
    }

    pub(super) async fn claim_from(
        &self,
        worker: WorkerId,
        queue: &QueueName,
        limit: usize,
        now: Timestamp,
    ) -> Vec<Claimed> {
        let request = ClaimRequest::one(queue.clone(), limit);
        self.driver.claim(worker, &request, now).await.must().jobs
    }

    /// Stores a job and takes it.
    pub(super) async fn taken(&self, worker: WorkerId, job: NewJob, now: Timestamp) -> Claimed {
        let (id, queue) = (job.id, job.queue.clone());
        self.push(vec![job], now).await;
        let mut claimed = self.claim_from(worker, &queue, 1, now).await;
        assert_eq!(ids(&claimed), [id], "the stored job is claimed");
        claimed.remove(0)
    }

    pub(super) async fn settle(
        &self,
        worker: WorkerId,
        settlements: &[Settlement],
        now: Timestamp,
    ) -> Vec<Settled> {
        self.driver.settle(worker, settlements, now).await.must()
    }

    pub(super) async fn applied(&self, worker: WorkerId, settlement: Settlement, now: Timestamp) {
        let settled = self.settle(worker, &[settlement], now).await;
        assert_eq!(settled, [Settled::Applied]);
    }

    pub(super) async fn get(&self, job: JobId) -> Option<JobRecord> {
        self.driver.get(job).await.must()
    }

    /// The job, which must be there.
    pub(super) async fn record(&self, job: JobId) -> JobRecord {
        self.get(job).await.must()
    }

    pub(super) async fn state(&self, job: JobId) -> Option<JobState> {
        self.get(job).await.map(|job| job.state)
    }

    /// How many jobs of the default queue are in this state.
    pub(super) async fn count(&self, state: JobState) -> u64 {
        let counts = self.driver.counts(Some(&QueueName::DEFAULT)).await.must();
        counts[0].get(state)
    }

    /// Makes all available that is due.
    pub(super) async fn promote(&self, now: Timestamp) -> usize {
        let mut total = 0;
        loop {
            let promoted = self.driver.promote(MAX_BATCH, now).await.must();
            total += promoted.count;
            if promoted.count < MAX_BATCH {
                return total;
            }
        }
    }
}
