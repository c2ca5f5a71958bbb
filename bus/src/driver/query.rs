//! How a person asks about jobs and queues, and what comes back.

use crate::clock::Timestamp;
use crate::id::{BatchId, JobId, QueueName, WorkerId};
use crate::job::{JobRecord, JobState};

/// Which jobs are meant: all that fit each condition given. The default means every job.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobFilter {
    /// In one of these states; empty: in any.
    pub states: Vec<JobState>,
    /// In this queue.
    pub queue: Option<QueueName>,
    /// With exactly this stored name; text, as unknown and damaged names can be meant too.
    pub name: Option<String>,
    /// With this tag.
    pub tag: Option<String>,
    /// Of this batch.
    pub batch: Option<BatchId>,
    /// In the hands of this worker.
    pub worker: Option<WorkerId>,
    /// Stored before this time.
    pub created_before: Option<Timestamp>,
    /// Ended before this time; only final states fit.
    pub ended_before: Option<Timestamp>,
}

impl JobFilter {
    /// Jobs in this state.
    #[must_use]
    pub fn state(state: JobState) -> Self {
        Self {
            states: vec![state],
            ..Self::default()
        }
    }

    /// Whether a job fits: what each driver's query means, for stores that look at each job.
    #[must_use]
    pub fn fits(&self, job: &JobRecord) -> bool {
        let extras = job.extras.as_deref();
        let batch = extras.and_then(|extras| extras.links.batch);
        let tagged = |tag: &String| extras.is_some_and(|extras| extras.tags.contains(tag));
        (self.states.is_empty() || self.states.contains(&job.state))
            && self.queue.as_ref().is_none_or(|queue| *queue == job.queue)
            && self
                .name
                .as_ref()
                .is_none_or(|name| name == job.envelope.name.as_str())
            && self.tag.as_ref().is_none_or(tagged)
            && self.batch.is_none_or(|wanted| batch == Some(wanted))
            && self.worker.is_none_or(|worker| job.worker == Some(worker))
            && self
                .created_before
                .is_none_or(|before| job.created_at < before)
            && self
                .ended_before
                .is_none_or(|before| job.ended_at.is_some_and(|at| at < before))
    }
}

/// Which jobs to act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// These; unknown ids are passed over.
    Ids(Vec<JobId>),
    /// All that fit.
    Fitting(JobFilter),
}

/// In which order a list is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By id, the highest first.
    #[default]
    NewestFirst,
    /// By id, the lowest first.
    OldestFirst,
}

/// Which part of a list is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The last id of the page before; `None`: the first page. It need not exist any more.
    pub after: Option<JobId>,
    /// At most so many, at most [`MAX_BATCH`](super::MAX_BATCH).
    pub limit: usize,
    /// In which order.
    pub order: Order,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            after: None,
            limit: 100,
            order: Order::default(),
        }
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobPage {
    /// The jobs.
    pub jobs: Vec<JobRecord>,
    /// What `after` is for the next page; `None`: this is the last.
    pub next: Option<JobId>,
}

/// How many jobs of a queue are in each state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueCounts {
    /// The queue.
    pub queue: QueueName,
    /// The numbers by [`JobState::code`]; see [`get`](Self::get).
    pub by_state: [u64; JobState::ALL.len()],
    /// When the available job that waits longest was due: now minus this is the queue's latency.
    pub oldest_due: Option<Timestamp>,
}

impl QueueCounts {
    /// A queue without jobs.
    #[must_use]
    pub const fn empty(queue: QueueName) -> Self {
        Self {
            queue,
            by_state: [0; JobState::ALL.len()],
            oldest_due: None,
        }
    }

    /// How many are in this state.
    #[must_use]
    pub fn get(&self, state: JobState) -> u64 {
        self.by_state[usize::from(state.code())]
    }

    /// Counts `number` more in this state.
    pub fn add(&mut self, state: JobState, number: u64) {
        self.by_state[usize::from(state.code())] += number;
    }
}

/// A queue that is known to the store: it has jobs or is paused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueInfo {
    /// Its name.
    pub name: QueueName,
    /// Since when and why no jobs are taken from it.
    pub paused: Option<Pause>,
}

/// A queue's pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Since when.
    pub since: Timestamp,
    /// Why, as the person said.
    pub reason: Option<String>,
}

/// What a cancellation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CancelCount {
    /// Waiting jobs that are cancelled now.
    pub cancelled: u64,
    /// Running jobs that are newly asked to end.
    pub requested: u64,
}
