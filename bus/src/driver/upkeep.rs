//! Workers' signs of life and the upkeep of the store: what goes in, what comes out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::claim::Claimed;
use crate::clock::Timestamp;
use crate::id::{JobId, QueueName, WorkerId};

/// A worker as it presents itself with each heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerInfo {
    /// This incarnation.
    pub id: WorkerId,
    /// The machine, for people.
    pub host: String,
    /// The process, for people.
    pub pid: u32,
    /// When it started.
    pub started_at: Timestamp,
    /// How long its jobs stay its own after a heartbeat.
    pub lease: Duration,
    /// What it takes from, for people.
    pub queues: Vec<QueueName>,
    /// How many jobs it runs at once, for people.
    pub slots: u32,
    /// When its lease ends. Set by the store (heartbeat + `lease`); ignored in a heartbeat.
    pub expires_at: Timestamp,
}

/// The store's answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heartbeat {
    /// Running jobs of this worker that a person asked to end: all of them, each time.
    pub cancelled: Vec<JobId>,
    /// The store did not know the worker, though it may have before: its jobs may have been
    /// rescued. `true` at the first heartbeat as well.
    pub registered: bool,
    /// The store's own clock, if it has one. The worker corrects its clock by it, so that machines
    /// whose clocks differ agree on what is due and who is late.
    pub store_time: Option<Timestamp>,
}

/// What to do with the jobs of workers whose lease is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescue {
    /// Who rescues. It must be alive: jobs out of attempts become its own.
    pub by: WorkerId,
    /// When jobs with attempts left are due again.
    pub retry_at: Timestamp,
    /// At most so many jobs, at most [`MAX_BATCH`](super::MAX_BATCH).
    pub limit: usize,
}

/// What a rescue did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rescued {
    /// Jobs that wait for their next attempt now.
    pub retried: usize,
    /// Jobs without attempts left, or that a person asked to end: leased to the rescuer, who
    /// settles them at once (dead, cancelled, or a retry after all) without running them. Their
    /// `attempts` include the lost one.
    pub exhausted: Vec<Claimed>,
    /// Workers of which no job is left, and whose heartbeat is therefore gone.
    pub buried: Vec<WorkerId>,
}

impl Rescued {
    /// How many jobs were moved; the limit means: there may be more, call again.
    #[must_use]
    pub fn moved(&self) -> usize {
        self.retried + self.exhausted.len()
    }
}

/// What a promotion did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Promoted {
    /// How many jobs became available; the limit means: there may be more, call again.
    pub count: usize,
    /// When the next waiting job is due, if the driver knows.
    pub next_due: Option<Timestamp>,
}

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Migrated {
    /// The schema's version before; 0: there was none.
    pub from: u32,
    /// The schema's version now.
    pub to: u32,
}
