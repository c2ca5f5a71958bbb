//! One job from taken to under way.

use std::sync::Arc;
use std::time::Duration;

use super::outcome::parked;
use crate::clock::Timestamp;
use crate::codec::Envelope;
use crate::command::Context;
use crate::driver::{Claimed, Lease, Settlement};
use crate::extensions::Extensions;
use crate::id::WorkerId;
use crate::queue::{Execution, Store, cancelled_unbegun, restore};
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
    pub(super) lease: Lease,
    pub(super) envelope: Envelope,
    pub(super) job: &'static Runnable,
    pub(super) attempts: u32,
    pub(super) max_attempts: u16,
    pub(super) retry_until: Option<Timestamp>,
    pub(super) retain: Option<Duration>,
    pub(super) execution: Arc<Execution>,
    /// When it began; only of those that did not end at once.
    pub(super) began: Option<Timestamp>,
}

impl Task {
    /// How long the job is kept once completed.
    pub(super) fn retain(&self) -> Option<Duration> {
        self.retain.or_else(|| self.job.retain())
    }
}

/// A job that was begun, or that is over without.
pub(super) enum Begun {
    Running(Run, Task),
    Over(Settlement),
}

impl Surroundings {
    /// Begins a job.
    pub(super) fn begin(&self, claimed: Claimed) -> Begun {
        let now = || self.store.now();
        let park = |lease, reason| Begun::Over(parked(lease, reason, self.worker, now()));
        if let Some(damage) = claimed.damage {
            return park(claimed.lease, damage);
        }
        if claimed.cancel_requested {
            return Begun::Over(cancelled_unbegun(claimed.lease, now()));
        }
        match self.jobs.find(&claimed.envelope) {
            Ok(entry) => self.start(claimed, entry),
            Err(reason) => park(claimed.lease, reason),
        }
    }

    fn start(&self, claimed: Claimed, entry: RunnableEntry) -> Begun {
        let execution = Arc::new(Execution::of(&claimed));
        let extras = claimed.extras.as_deref();
        let timeout = extras.and_then(|extras| extras.timeout);
        let delivery = Delivery {
            body: claimed.envelope.body.clone(),
            context: self.context(&claimed, Arc::clone(&execution)),
            timeout: timeout.or(entry.job.options().timeout),
            blocking: entry.blocking,
        };
        let task = Task {
            job: entry.job,
            attempts: claimed.attempts,
            max_attempts: claimed.max_attempts,
            retry_until: extras.and_then(|extras| extras.retry_until),
            retain: extras.and_then(|extras| extras.retain),
            execution,
            began: None,
            lease: claimed.lease,
            envelope: claimed.envelope,
        };
        Begun::Running(entry.job.start(delivery), task)
    }

    fn context(&self, claimed: &Claimed, execution: Arc<Execution>) -> Context {
        let headers = claimed.envelope.headers.as_deref();
        let principal = self.store.principal();
        let state = Arc::clone(&self.state);
        restore(state, claimed.id(), headers, principal, execution)
    }
}
