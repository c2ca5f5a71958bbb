//! Whether the program can do its work.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::id::WorkerId;

/// The health of a bus: for a readiness probe.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Health {
    /// The name of the store; `None`: it was not opened yet.
    pub store: Option<&'static str>,
    /// How long it took the store to answer, or why it does not.
    pub ping: Result<Duration, String>,
    /// The workers of this process.
    pub workers: Vec<WorkerHealth>,
}

impl Health {
    /// The store answers, and each worker holds its lease.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.ping.is_ok() && self.workers.iter().all(|worker| worker.alive)
    }
}

/// The health of one worker.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WorkerHealth {
    /// Which.
    pub id: WorkerId,
    /// Its lease is valid: the store heard of it lately.
    pub alive: bool,
    /// When the store last heard of it.
    pub last_heartbeat: Option<Timestamp>,
    /// Jobs under way.
    pub running: usize,
    /// Jobs taken and not begun.
    pub waiting: usize,
    /// The last error of the store, until it does its work again.
    pub last_error: Option<String>,
}
