//! Storing jobs and taking them: what goes in, what comes out.

use crate::clock::Timestamp;
use crate::codec::Envelope;
use crate::id::{JobId, QueueName};
use crate::job::{JobExtras, Links, NewJob, Priority};

/// What became of one pushed job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pushed {
    /// It is stored under its own id.
    Stored,
    /// Nothing is stored: this job is already there. Either the id was pushed before (a repeated
    /// push) or the job holds the unique key.
    Duplicate(JobId),
    /// This job held the unique key; it has the new payload and due time now, and keeps its id.
    Replaced(JobId),
}

/// The right to settle one delivery of a job, and the fence: valid only while the store has the
/// job running, by this worker, with this delivery number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// Its queue: stores that keep queues apart find it by this.
    pub queue: QueueName,
    /// Which delivery this is, from 1 on.
    pub delivery: u32,
    /// A word for the driver alone, such as a row number; handed back untouched, not compared.
    pub token: u64,
}

/// How many jobs to take from one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueShare {
    /// The queue.
    pub queue: QueueName,
    /// At most so many.
    pub limit: usize,
}

/// What a worker asks for. The order is the worker's: it puts the queues in strict or weighted
/// order and gives each a share; the driver takes queue after queue until `limit` is reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimRequest {
    /// The queues in the order to take from. A queue may be named twice: weighted shares first,
    /// what is left over again at the end.
    pub shares: Vec<QueueShare>,
    /// At most so many in all, at most [`MAX_BATCH`](super::MAX_BATCH).
    pub limit: usize,
}

impl ClaimRequest {
    /// Up to `limit` jobs of one queue.
    #[must_use]
    pub fn one(queue: QueueName, limit: usize) -> Self {
        Self {
            shares: vec![QueueShare { queue, limit }],
            limit,
        }
    }

    /// Up to `limit` jobs, from each queue only what those before it leave.
    #[must_use]
    pub fn strict(queues: impl IntoIterator<Item = QueueName>, limit: usize) -> Self {
        let share = |queue| QueueShare { queue, limit };
        Self {
            shares: queues.into_iter().map(share).collect(),
            limit,
        }
    }
}

/// A job in a worker's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The right to settle it.
    pub lease: Lease,
    /// What to run.
    pub envelope: Envelope,
    /// How urgent it was.
    pub priority: Priority,
    /// When it was due.
    pub run_at: Timestamp,
    /// When it was stored.
    pub created_at: Timestamp,
    /// Executions that counted before this one.
    pub attempts: u32,
    /// How often it was put off before.
    pub deferrals: u32,
    /// Executions until it is dead.
    pub max_attempts: u16,
    /// Timeout, tags, links and the like.
    pub extras: Option<Box<JobExtras>>,
    /// A person already asked it to end.
    pub cancel_requested: bool,
    /// The row holds something the driver could not read (named here); the other fields hold what
    /// it could, the name [`CommandName::UNREADABLE`](crate::id::CommandName::UNREADABLE) if it is
    /// that. The worker parks such a job. One bad row never fails a claim.
    pub damage: Option<String>,
}

impl Claimed {
    /// A job that was stored in a worker's hands at `now`, as that worker gets it without a claim;
    /// `token` is the driver's own, see [`Lease`].
    #[must_use]
    pub fn handed(job: NewJob, token: u64, now: Timestamp) -> Self {
        Self {
            lease: Lease {
                job: job.id,
                queue: job.queue,
                delivery: 1,
                token,
            },
            envelope: job.envelope,
            priority: job.priority,
            run_at: job.run_at,
            created_at: now,
            attempts: 0,
            deferrals: 0,
            max_attempts: job.max_attempts,
            extras: job.extras,
            cancel_requested: false,
            damage: None,
        }
    }

    /// The job.
    #[must_use]
    pub const fn id(&self) -> JobId {
        self.lease.job
    }

    /// Its ties, if it has any.
    #[must_use]
    pub fn links(&self) -> Option<&Links> {
        self.extras
            .as_deref()
            .map(|extras| &extras.links)
            .filter(|links| !links.is_empty())
    }

    /// Whether it must not run a second time.
    pub(crate) fn is_at_most_once(&self) -> bool {
        self.extras
            .as_ref()
            .is_some_and(|extras| extras.at_most_once)
    }
}

/// What a claim found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// The jobs, in the order taken. Fewer than asked for from a queue, with the overall limit not
    /// reached, means that queue has no more due jobs.
    pub jobs: Vec<Claimed>,
    /// Running jobs of this worker that a person asked to end. Each is named until it is settled;
    /// a driver may leave this to [`heartbeat`](super::Driver::heartbeat).
    pub cancelled: Vec<JobId>,
    /// When the next waiting job of these queues is due, if the driver knows: the fetcher sleeps
    /// no longer. A hint: too early is harmless, `None` means unknown.
    pub next_due: Option<Timestamp>,
}
