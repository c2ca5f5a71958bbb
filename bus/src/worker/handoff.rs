//! The short way in: jobs that the driver stores already leased to this worker.

use std::sync::Arc;

use super::execute::Surroundings;
use super::hub::Hub;
use super::queues::QueueOrder;
use crate::driver::{Claimed, HandOff};
use crate::id::{QueueName, WorkerId};
use crate::telemetry::{Board, Stats};

/// What the driver sees of a worker.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) hub: Arc<Hub>,
    pub(super) around: Arc<Surroundings>,
    pub(super) board: Arc<Board>,
    pub(super) order: QueueOrder,
}

impl Door {
    fn takes(&self, queue: &QueueName) -> bool {
        match &self.order {
            QueueOrder::All => true,
            QueueOrder::Strict(queues) => queues.contains(queue),
            QueueOrder::Weighted(queues) => queues.iter().any(|(known, _)| known == queue),
        }
    }
}

impl HandOff for Door {
    fn worker(&self) -> WorkerId {
        self.around.worker
    }

    fn reserve(&self, queue: &QueueName, wanted: usize) -> usize {
        if !self.takes(queue) {
            return 0;
        }
        let mut inner = self.hub.lock();
        let overtakes = inner.hungry || self.hub.waiting(&inner) > 0;
        if inner.closing || inner.unsure || overtakes {
            return 0;
        }
        let taken = self.hub.free(&inner).min(wanted);
        inner.reserved += taken;
        taken
    }

    fn deliver(&self, jobs: Vec<Claimed>) {
        let more = Stats {
            handed_off: u64::try_from(jobs.len()).unwrap_or(u64::MAX),
            ..Stats::default()
        };
        self.board.counters.add(&more);
        self.hub.add(jobs, true);
    }

    fn release(&self, _queue: &QueueName, count: usize, unsure: bool) {
        let mut inner = self.hub.lock();
        inner.reserved = inner.reserved.saturating_sub(count);
        inner.unsure |= unsure;
        drop(inner);
        self.hub.pump.notify_one();
    }
}
