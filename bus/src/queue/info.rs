//! What a handler may know of the job it runs.

use crate::command::{Context, FromContext, Rejection};
use crate::driver::Claimed;
use crate::id::{JobId, QueueName};

/// The job that is being run, for its handler to take.
///
/// Absent in `dispatch_now`, where nothing is stored: take `Option<JobInfo>` if that is used.
///
/// ```
/// use bus::JobInfo;
///
/// fn is_last(job: &JobInfo) -> bool {
///     job.attempt == u32::from(job.max_attempts)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobInfo {
    /// Its id.
    pub id: JobId,
    /// Where it waited.
    pub queue: QueueName,
    /// Which attempt this is, from 1 on.
    pub attempt: u32,
    /// After which attempt it is dead.
    pub max_attempts: u16,
    /// How often a worker took it, this time included.
    pub delivery: u32,
    /// How often it was put off.
    pub deferrals: u32,
}

impl JobInfo {
    pub(crate) fn of(claimed: &Claimed) -> Self {
        Self {
            id: claimed.id(),
            queue: claimed.lease.queue.clone(),
            attempt: claimed.attempts + 1,
            max_attempts: claimed.max_attempts,
            delivery: claimed.lease.delivery,
            deferrals: claimed.deferrals,
        }
    }
}

impl FromContext<'_> for JobInfo {
    fn from_context(cx: &Context) -> Result<Self, Rejection> {
        let job = cx.extension::<Self>().cloned();
        job.ok_or(Rejection::Missing("bus::JobInfo"))
    }
}
