//! What the chores share.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::clock::Timestamp;
use crate::driver::{Driver, DriverError};
use crate::id::WorkerId;
use crate::queue::Store;
use crate::registry::with_sources;
use crate::telemetry::{Board, Stats};

/// The upkeep of one store by one process.
#[derive(Debug, Clone)]
pub(crate) struct Upkeep {
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) store: Store,
    pub(crate) board: Arc<Board>,
    /// The worker of this process that takes over what ends with its worker.
    pub(crate) worker: WorkerId,
    /// How long a worker may be silent.
    pub(crate) lease: Duration,
}

impl Upkeep {
    /// Does the chores until the set is dropped or shut down.
    pub(crate) fn start(&self, tasks: &mut JoinSet<()>) {
        tasks.spawn(self.clone().promote());
        tasks.spawn(self.clone().rescue());
        tasks.spawn(self.clone().prune());
    }

    pub(super) fn now(&self) -> Timestamp {
        self.store.now()
    }

    /// Waits by the bus's clock.
    pub(super) async fn pause(&self, time: Duration) {
        let clock = self.store.clock();
        clock.sleep_until(clock.now() + time).await;
    }

    pub(super) fn count(&self, more: &Stats) {
        self.board.counters.add(more);
    }

    /// The store failed: it is counted and said, and the chore comes again.
    pub(super) fn failed(&self, chore: &str, error: &DriverError) {
        let error = with_sources(error);
        tracing::warn!(chore, error, "the store failed, the upkeep tries again");
        self.count(&Stats {
            store_errors: 1,
            ..Stats::default()
        });
    }
}
