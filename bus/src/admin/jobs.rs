//! `bus.jobs()`: look at stored jobs, repair, steer.

use std::sync::Arc;

use crate::driver::{
    CancelCount, Driver, DriverError, JobFilter, JobPage, Keep, MAX_BATCH, Page, QueueCounts,
    QueueInfo, Selection, WorkerInfo,
};
use crate::id::{JobId, QueueName};
use crate::job::JobRecord;
use crate::queue::{KEEP_CANCELLED, Store};

/// The stored jobs, for people. Made by [`Bus::jobs`](crate::Bus::jobs).
///
/// What acts on a selection works through it in bounded steps and returns how many jobs it
/// changed. A job for which the change makes no sense is passed over.
///
/// ```no_run
/// # use bus::prelude::*;
/// use bus::driver::{JobFilter, Selection};
/// use bus::job::JobState;
///
/// # async fn repair(bus: &Bus) -> Result<(), Box<dyn std::error::Error>> {
/// let jobs = bus.jobs().await?;
/// let dead = Selection::Fitting(JobFilter::state(JobState::Dead));
/// println!("{} dead jobs are tried again", jobs.retry(&dead).await?);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Jobs {
    driver: Arc<dyn Driver>,
    store: Store,
}

impl Jobs {
    pub(crate) fn new(driver: Arc<dyn Driver>, store: Store) -> Self {
        Self { driver, store }
    }

    /// One job with its attempt history; `None`: unknown, or ended and not kept.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn get(&self, job: JobId) -> Result<Option<JobRecord>, DriverError> {
        self.driver.get(job).await
    }

    /// The jobs that fit, one page.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, filter: &JobFilter, page: Page) -> Result<JobPage, DriverError> {
        self.driver.list(filter, page).await
    }

    /// How many jobs are in each state, by queue.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn counts(&self) -> Result<Vec<QueueCounts>, DriverError> {
        self.driver.counts(None).await
    }

    /// How many jobs of this queue are in each state.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn queue_counts(&self, queue: &QueueName) -> Result<QueueCounts, DriverError> {
        let mut counts = self.driver.counts(Some(queue)).await?;
        let found = counts.pop();
        Ok(found.unwrap_or_else(|| QueueCounts::empty(queue.clone())))
    }

    /// The queues that have jobs or are paused.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn queues(&self) -> Result<Vec<QueueInfo>, DriverError> {
        self.driver.queues().await
    }

    /// The workers that the store knows, of all processes.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn workers(&self) -> Result<Vec<WorkerInfo>, DriverError> {
        self.driver.workers().await
    }

    /// Makes jobs that wait or ended due at once, with fresh attempts; their history stays.
    ///
    /// # Errors
    /// When the store fails; what was done stays done.
    pub async fn retry(&self, jobs: &Selection) -> Result<u64, DriverError> {
        // What is retried no longer fits a filter of ended jobs, but may run and end anew: each
        // job is meant once, so the selection is that of now.
        let before = self.bounded(jobs);
        let mut all = 0;
        loop {
            let now = self.store.now();
            let changed = self.driver.retry(&before, MAX_BATCH, now).await?;
            all += changed;
            if !again(jobs, changed) {
                return Ok(all);
            }
        }
    }

    /// Cancels jobs: waiting ones at once; running ones are asked to end, and their handlers learn
    /// it by [`Context::cancelled`](crate::Context::cancelled). Cancelled ones are kept for a week.
    ///
    /// # Errors
    /// When the store fails; what was done stays done.
    pub async fn cancel(&self, jobs: &Selection, reason: &str) -> Result<CancelCount, DriverError> {
        let mut all = CancelCount::default();
        loop {
            let now = self.store.now();
            let keep = Keep::for_time(Some(KEEP_CANCELLED), now);
            let step = self.driver.cancel(jobs, reason, keep, MAX_BATCH, now);
            let changed = step.await?;
            all.cancelled += changed.cancelled;
            all.requested += changed.requested;
            if !again(jobs, changed.cancelled + changed.requested) {
                return Ok(all);
            }
        }
    }

    /// Deletes jobs and their history, but no running ones.
    ///
    /// # Errors
    /// When the store fails; what was done stays done.
    pub async fn delete(&self, jobs: &Selection) -> Result<u64, DriverError> {
        let mut all = 0;
        loop {
            let now = self.store.now();
            let changed = self.driver.delete(jobs, MAX_BATCH, now).await?;
            all += changed;
            if !again(jobs, changed) {
                return Ok(all);
            }
        }
    }

    /// No job is taken from the queue from now on; what runs goes on. Whether it was not paused
    /// before.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn pause(
        &self,
        queue: &QueueName,
        reason: Option<&str>,
    ) -> Result<bool, DriverError> {
        self.driver.pause(queue, reason, self.store.now()).await
    }

    /// Ends a pause. Whether there was one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resume(&self, queue: &QueueName) -> Result<bool, DriverError> {
        self.driver.resume(queue).await
    }

    /// Removes what ended and was kept long enough; workers do it too.
    ///
    /// # Errors
    /// When the store fails; what was done stays done.
    pub async fn prune(&self) -> Result<u64, DriverError> {
        let mut all = 0;
        loop {
            let pruned = self.driver.prune(MAX_BATCH, self.store.now()).await?;
            all += pruned;
            if usize::try_from(pruned).is_ok_and(|pruned| pruned < MAX_BATCH) {
                return Ok(all);
            }
        }
    }

    /// Jobs that are stored after now do not fit.
    fn bounded(&self, jobs: &Selection) -> Selection {
        match jobs {
            Selection::Ids(ids) => Selection::Ids(ids.clone()),
            Selection::Fitting(filter) => Selection::Fitting(JobFilter {
                created_before: Some(filter.created_before.unwrap_or_else(|| self.store.now())),
                ..filter.clone()
            }),
        }
    }
}

/// Whether a step that changed so many leaves something to do. Ids longer than one step are the
/// same ids again: those that were changed are passed over.
fn again(jobs: &Selection, changed: u64) -> bool {
    let full = usize::try_from(changed).is_ok_and(|changed| changed >= MAX_BATCH);
    match jobs {
        Selection::Ids(ids) => full && ids.len() > MAX_BATCH,
        Selection::Fitting(_) => full,
    }
}
