//! The board that workers write on.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::health::WorkerHealth;
use super::stats::Counters;
use crate::clock::Timestamp;
use crate::id::WorkerId;

/// The counters of a bus and the pulses of its workers.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) counters: Counters,
    pulses: Mutex<Vec<Weak<Pulse>>>,
}

/// One worker's signs of life, as this process sees them.
pub(crate) struct Pulse {
    id: WorkerId,
    /// Microseconds; the minimum: never.
    last_heartbeat: AtomicI64,
    /// Microseconds; the lease is valid before.
    lease_until: AtomicI64,
    /// How many jobs are under way, and how many are taken and not begun.
    numbers: Box<dyn Fn() -> (usize, usize) + Send + Sync>,
    /// Of taking and settling jobs.
    work_error: Mutex<Option<String>>,
    /// Of the heartbeat: work that goes well does not mean that the lease is renewed.
    beat_error: Mutex<Option<String>>,
}

impl Board {
    /// A new worker is shown from now on, until its pulse is dropped.
    pub(crate) fn join(
        &self,
        id: WorkerId,
        numbers: impl Fn() -> (usize, usize) + Send + Sync + 'static,
    ) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse {
            id,
            last_heartbeat: AtomicI64::new(i64::MIN),
            lease_until: AtomicI64::new(i64::MIN),
            numbers: Box::new(numbers),
            work_error: Mutex::default(),
            beat_error: Mutex::default(),
        });
        let mut pulses = self.pulses.lock().unwrap_or_else(PoisonError::into_inner);
        pulses.retain(|pulse| pulse.strong_count() > 0);
        pulses.push(Arc::downgrade(&pulse));
        pulse
    }

    /// The health of each worker at `now`.
    pub(crate) fn workers(&self, now: Timestamp) -> Vec<WorkerHealth> {
        let pulses = self.pulses.lock().unwrap_or_else(PoisonError::into_inner);
        let alive = pulses.iter().filter_map(Weak::upgrade);
        alive.map(|pulse| pulse.health(now)).collect()
    }
}

impl Pulse {
    /// The store heard of the worker: its lease lasts until then.
    pub(crate) fn beat(&self, now: Timestamp, until: Timestamp) {
        self.last_heartbeat
            .store(now.as_micros(), Ordering::Relaxed);
        self.lease_until.store(until.as_micros(), Ordering::Release);
        set(&self.beat_error, None);
    }

    /// The store did not hear of the worker.
    pub(crate) fn missed(&self, error: String) {
        set(&self.beat_error, Some(error));
    }

    /// Whether the lease is valid.
    pub(crate) fn is_alive(&self, now: Timestamp) -> bool {
        now.as_micros() < self.lease_until.load(Ordering::Acquire)
    }

    /// The store failed, or (`None`) does its work again.
    pub(crate) fn store_error(&self, error: Option<String>) {
        set(&self.work_error, error);
    }

    fn health(&self, now: Timestamp) -> WorkerHealth {
        let beat = self.last_heartbeat.load(Ordering::Relaxed);
        let last = |error: &Mutex<Option<String>>| {
            let error = error.lock().unwrap_or_else(PoisonError::into_inner);
            error.clone()
        };
        let (running, waiting) = (self.numbers)();
        WorkerHealth {
            id: self.id,
            alive: self.is_alive(now),
            last_heartbeat: (beat != i64::MIN).then(|| Timestamp::from_micros(beat)),
            running,
            waiting,
            last_error: last(&self.work_error).or_else(|| last(&self.beat_error)),
        }
    }
}

impl fmt::Debug for Pulse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pulse")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn set(error: &Mutex<Option<String>>, to: Option<String>) {
    *error.lock().unwrap_or_else(PoisonError::into_inner) = to;
}
