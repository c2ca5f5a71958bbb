//! One job from taken to under way.

use std::sync::Arc;
use std::time::Duration;

use super::limit::Limit;
use super::outcome::parked;
use crate::clock::Timestamp;
use crate::driver::{Claimed, Lease, Settlement};
use crate::extensions::Extensions;
use crate::id::WorkerId;
use crate::queue::{Execution, LaneState, Store, cancelled_unbegun, restore};
use crate::registry::{Delivery, Run, Runnable, RunnableEntry, Runnables};
use crate::telemetry::Board;

/// What each execution of a worker shares.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub(super) worker: WorkerId,
    pub(super) jobs: Runnables,
    pub(super) state: Arc<Extensions>,
    pub(super) store: Store,
    pub(super) board: Arc<Board>,
}

/// What is needed of a job to settle it.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) execution: Arc<Execution>,
    pub(super) job: &'static Runnable,
    pub(super) limit: Option<Limit>,
    /// When it began; only of those that did not end at once.
    pub(super) began: Option<Timestamp>,
}

impl Task {
    pub(super) fn lease(&self) -> &Lease {
        &self.execution.claimed().lease
    }

    /// How long the job is kept once completed.
    pub(super) fn retain(&self) -> Option<Duration> {
        let extras = self.execution.claimed().extras.as_deref();
        let own = extras.and_then(|extras| extras.retain);
        own.or_else(|| self.job.retain())
    }
}

/// A job that was begun, or that is over without.
pub(super) enum Begun {
    Running(Run, Task),
    Over(Settlement),
}

impl Surroundings {
    /// Begins a job.
    #[inline]
    pub(super) fn begin(&self, claimed: Claimed, state: &LaneState) -> Begun {
        let now = || self.store.now();
        let park = |lease, reason| Begun::Over(parked(lease, reason, self.worker, now()));
        if let Some(damage) = claimed.damage {
            return park(claimed.lease, damage);
        }
        if claimed.cancel_requested {
            return Begun::Over(cancelled_unbegun(claimed.lease, now()));
        }
        match self.jobs.find(&claimed.envelope) {
            Ok(entry) => self.start(claimed, entry, state),
            Err(reason) => park(claimed.lease, reason),
        }
    }

    #[inline]
    fn start(&self, claimed: Claimed, entry: RunnableEntry, state: &LaneState) -> Begun {
        let body = claimed.envelope.body.clone();
        let extras = claimed.extras.as_deref();
        let timeout = extras.and_then(|extras| extras.timeout);
        let timeout = timeout.or(entry.job.options().timeout);
        let execution = Arc::new(Execution::new(claimed, Arc::clone(state)));
        let run = entry.job.start(Delivery {
            body,
            context: restore(self.store.principal(), &execution),
            blocking: entry.blocking,
        });
        let task = Task {
            execution,
            job: entry.job,
            limit: timeout.map(Limit::new),
            began: None,
        };
        Begun::Running(run, task)
    }
}
