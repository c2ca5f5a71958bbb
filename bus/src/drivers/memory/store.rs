//! What is kept, and behind which numbers it is found.

use std::collections::BTreeMap;

use super::line::Line;
use super::queues::{Place, Queues};
use super::rows::{Rows, Slot};
use crate::clock::Timestamp;
use crate::driver::WorkerInfo;
use crate::id::{JobId, QueueName, WorkerId};

/// All of a store.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) rows: Rows,
    pub(super) ids: Line<IdKey>,
    pub(super) queues: Queues,
    /// `scheduled` and `retryable` rows by due time.
    pub(super) waiting: BTreeMap<Place, Slot>,
    /// Ended rows by the end of their keeping.
    pub(super) expiring: BTreeMap<Place, Slot>,
    pub(super) workers: BTreeMap<WorkerId, Worker>,
    pub(super) arrivals: u64,
}

/// An id as a number: compares faster than sixteen bytes, in the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct IdKey(u128);

impl From<JobId> for IdKey {
    fn from(id: JobId) -> Self {
        Self(u128::from_be_bytes(*id.as_bytes()))
    }
}

impl From<IdKey> for JobId {
    fn from(key: IdKey) -> Self {
        Self::from_bytes(key.0.to_be_bytes())
    }
}

/// A worker, or one that is no longer known but still holds jobs.
#[derive(Debug, Default)]
pub(super) struct Worker {
    /// What it said last; `None`: not registered.
    pub(super) info: Option<WorkerInfo>,
    /// The rows it holds, in no order.
    pub(super) held: Vec<Slot>,
    /// How many of them a person asked to end.
    pub(super) asked: usize,
}

impl Worker {
    /// Its jobs are anybody's.
    pub(super) fn is_lost(&self, now: Timestamp) -> bool {
        self.info.as_ref().is_none_or(|info| info.expires_at <= now)
    }
}

/// The queues that got jobs, each named once: few, so a list is the fastest set.
#[derive(Debug, Default)]
pub(super) struct Woken(Vec<u32>);

impl Woken {
    pub(super) fn add(&mut self, queue: u32) {
        if !self.0.contains(&queue) {
            self.0.push(queue);
        }
    }

    /// Their names, while they cannot change.
    pub(super) fn names(&self, queues: &Queues) -> Vec<QueueName> {
        let name = |&number: &u32| queues.get(number).counts.queue.clone();
        self.0.iter().map(name).collect()
    }
}
