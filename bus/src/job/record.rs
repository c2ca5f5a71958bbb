//! A job as a store keeps it and inspection shows it.

use bytes::Bytes;

use super::failure::Failure;
use super::new_job::JobExtras;
use super::options::Priority;
use super::state::JobState;
use crate::clock::Timestamp;
use crate::codec::Envelope;
use crate::id::{JobId, QueueName, WorkerId};

/// A stored job with all that is known of it.
///
/// Three counters that are never mixed: `deliveries` (how often a worker took it), `attempts`
/// (executions that began and counted, lost workers included), `deferrals` (put off at no cost).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRecord {
    /// Its id.
    pub id: JobId,
    /// What to run.
    pub envelope: Envelope,
    /// Where it waits.
    pub queue: QueueName,
    /// How urgent it is there.
    pub priority: Priority,
    /// Where it is in its life.
    pub state: JobState,
    /// When it is, or was last, due.
    pub run_at: Timestamp,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When a worker last took it.
    pub claimed_at: Option<Timestamp>,
    /// When it reached its final state.
    pub ended_at: Option<Timestamp>,
    /// From when on it may be pruned; `None`: kept until somebody deletes it.
    pub keep_until: Option<Timestamp>,
    /// How often a worker took it.
    pub deliveries: u32,
    /// Executions that began and counted.
    pub attempts: u32,
    /// How often it was put off at no cost.
    pub deferrals: u32,
    /// Executions until it is dead.
    pub max_attempts: u16,
    /// Timeout, tags, links and the like.
    pub extras: Option<Box<JobExtras>>,
    /// Who has it; only while running.
    pub worker: Option<WorkerId>,
    /// A person asked the running job to end.
    pub cancel_requested: bool,
    /// Why it is cancelled or dead.
    pub reason: Option<String>,
    /// What the handler returned, encoded; only while completed and kept.
    pub output: Option<Bytes>,
    /// The newest failures, oldest first: at least the last [`Failure::KEPT`].
    pub failures: Vec<Failure>,
}
