//! What a handler may know of the job it runs.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio_util::sync::CancellationToken;

use super::transaction::Slot;
use crate::command::{Context, FromContext, Origin, Rejection};
use crate::driver::Claimed;
use crate::extensions::Extensions;
use crate::id::{JobId, QueueName};
use crate::job::NewJob;

/// The job that is being run, for its handler to take.
///
/// Absent in `dispatch_now`, where nothing is stored: take `Option<JobInfo>` if that is used.
///
/// ```
/// use bus::JobInfo;
///
/// fn is_last(job: &JobInfo) -> bool {
///     job.attempt >= u32::from(job.max_attempts)
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
    /// After which attempt it is dead if that fails. One that lost its workers may be beyond it,
    /// see [`JobOptions::FATAL_LOSS`](crate::job::JobOptions::FATAL_LOSS).
    pub max_attempts: u16,
    /// How often a worker took it, this time included.
    pub delivery: u32,
    /// How often it was put off.
    pub deferrals: u32,
}

impl JobInfo {
    fn of(claimed: &Claimed) -> Self {
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
        let execution = cx.origin::<Execution>();
        let info = execution.map(|execution| JobInfo::of(&execution.claimed));
        info.ok_or(Rejection::Missing("bus::JobInfo"))
    }
}

/// The state of the bus as one lane of a worker holds it: behind a count of its own, as lanes would
/// slow each other down by counting at one place.
pub(crate) type LaneState = Arc<Arc<Extensions>>;

/// One execution of a job: the delivery, and what its context adds to it.
#[derive(Debug)]
pub(crate) struct Execution {
    claimed: Claimed,
    bus: LaneState,
    token: OnceLock<CancellationToken>,
    transaction: OnceLock<Arc<dyn Slot>>,
    /// Jobs that are stored with its completion.
    follow: Mutex<Vec<NewJob>>,
}

impl Execution {
    #[inline]
    pub(crate) fn new(claimed: Claimed, bus: LaneState) -> Self {
        Self {
            claimed,
            bus,
            token: OnceLock::new(),
            transaction: OnceLock::new(),
            follow: Mutex::default(),
        }
    }

    /// The job as it was taken.
    pub(crate) fn claimed(&self) -> &Claimed {
        &self.claimed
    }

    /// The handler works in this transaction; false, if it has one already.
    pub(super) fn hold(&self, transaction: Arc<dyn Slot>) -> bool {
        self.transaction.set(transaction).is_ok()
    }

    /// The transaction that the handler worked in, or left jobs with, if it did.
    pub(crate) fn transaction(&self) -> Option<&Arc<dyn Slot>> {
        let slot = self.transaction.get()?;
        (slot.begun() || !self.followers().is_empty()).then_some(slot)
    }

    /// A job to store with the completion.
    pub(super) fn keep(&self, job: NewJob) {
        self.followers().push(job);
    }

    /// The jobs to store with the completion.
    pub(crate) fn follow(&self) -> Vec<NewJob> {
        std::mem::take(&mut *self.followers())
    }

    fn followers(&self) -> MutexGuard<'_, Vec<NewJob>> {
        self.follow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Origin for Execution {
    fn bus(&self) -> &Arc<Extensions> {
        &self.bus
    }

    fn token(&self) -> &CancellationToken {
        self.token.get_or_init(CancellationToken::new)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
