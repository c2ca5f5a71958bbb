//! What a store must do for people: look, repair, steer. Part of the specification.

use super::DriverFuture;
use super::query::{CancelCount, JobFilter, JobPage, Page, QueueCounts, QueueInfo, Selection};
use super::settle::Keep;
use super::upkeep::WorkerInfo;
use crate::clock::Timestamp;
use crate::id::{JobId, QueueName};
use crate::job::JobRecord;

/// The part of a [`Driver`](super::Driver) behind command line, dashboard and `bus.admin()`.
///
/// The rules of [`Driver`](super::Driver) hold. These calls may be slow on large stores but never
/// slow the workers down: no long locks, no long transactions.
///
/// What acts on a [`Selection`] changes at most `limit` jobs (at most
/// [`MAX_BATCH`](super::MAX_BATCH)) and returns how many it changed; call again until that is 0.
/// A job for which the move is not legal is passed over and not counted. Each job's move is
/// atomic; the selection is not.
pub trait Inspect {
    /// One job with its history; `None`: unknown, or ended and not kept. Parts of a row that cannot
    /// be read show empty, the name as [`CommandName::UNREADABLE`](crate::id::CommandName::UNREADABLE):
    /// a person must be able to see and delete such a job.
    fn get(&self, job: JobId) -> DriverFuture<'_, Option<JobRecord>>;

    /// Jobs that fit, by id, one page. Keyset paging: jobs that come and go meanwhile neither
    /// repeat nor hide others. No row is left out: what cannot be read shows as in [`get`](Self::get).
    fn list<'a>(&'a self, filter: &'a JobFilter, page: Page) -> DriverFuture<'a, JobPage>;

    /// The numbers of each queue that has jobs, or of one queue (empty numbers if it has none).
    /// Ordered by name. Exact for the states people act on; a store whose counting is too dear may
    /// be a few seconds behind for `completed`.
    fn counts<'a>(&'a self, queue: Option<&'a QueueName>) -> DriverFuture<'a, Vec<QueueCounts>>;

    /// The queues that have jobs or are paused, ordered by name.
    fn queues(&self) -> DriverFuture<'_, Vec<QueueInfo>>;

    /// The workers that are registered, those whose lease is over included, ordered by id.
    fn workers(&self) -> DriverFuture<'_, Vec<WorkerInfo>>;

    /// Puts jobs back: `scheduled`, `retryable`, `completed`, `cancelled`, `dead` → `available`,
    /// due at `now`, attempts 0, no reason, no output, no request to cancel. Deliveries,
    /// deferrals and history stay. The unique key is taken again; a job whose key another holds
    /// is passed over. A member of a batch counts as pending again. Wakes.
    fn retry<'a>(
        &'a self,
        jobs: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> DriverFuture<'a, u64>;

    /// Cancels: waiting jobs → `cancelled` with this reason, kept as `keep` says (`Drop` is
    /// "until now"), unique key and batch as in a settle. Running jobs are asked to end: the
    /// worker learns it by its next heartbeat or claim, at once if the store can tell it (the
    /// wake-up of their queue), and settles them. Asking again changes nothing and counts nothing.
    fn cancel<'a>(
        &'a self,
        jobs: &'a Selection,
        reason: &'a str,
        keep: Keep,
        limit: usize,
        now: Timestamp,
    ) -> DriverFuture<'a, CancelCount>;

    /// Deletes jobs and their history, but no running ones. A member of a batch that had not ended
    /// counts as cancelled.
    fn delete<'a>(
        &'a self,
        jobs: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> DriverFuture<'a, u64>;

    /// No job is taken from the queue from now on; what runs goes on, what comes is stored. The
    /// queue need not exist. Returns whether it was not paused before; if it was, nothing changes.
    fn pause<'a>(
        &'a self,
        queue: &'a QueueName,
        reason: Option<&'a str>,
        now: Timestamp,
    ) -> DriverFuture<'a, bool>;

    /// Ends a pause and wakes. Returns whether there was one.
    fn resume<'a>(&'a self, queue: &'a QueueName) -> DriverFuture<'a, bool>;
}
