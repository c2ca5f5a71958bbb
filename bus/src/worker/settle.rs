//! Outcomes on their way to the store, and the pace at which they come.

use std::time::Duration;

use tokio::time::Instant;

use crate::clock;
use crate::driver::{Ending, Settled, Settlement};
use crate::id::JobId;
use crate::job::FailureKind;
use crate::telemetry::Stats;

/// Outcomes that the store does not have yet. They stay until it answered.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    batch: Vec<Settlement>,
    /// What comes after the batch, when the store refused it as a whole.
    later: Vec<Settlement>,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.later.is_empty()
    }

    /// The batch, empty, to be filled.
    pub(super) fn empty_batch(&mut self) -> &mut Vec<Settlement> {
        debug_assert!(self.is_empty(), "the store has what was in it");
        &mut self.batch
    }

    /// What to send next.
    pub(super) fn batch(&self) -> &[Settlement] {
        &self.batch
    }

    /// The store answered for the batch; what that means in numbers.
    pub(super) fn settled(&mut self, settled: &[Settled]) -> Stats {
        let mut stats = Stats::default();
        for (settlement, settled) in self.batch.iter().zip(settled) {
            count(settlement, *settled, &mut stats);
        }
        self.advance();
        stats
    }

    /// The batch is refused for good: its first half is tried alone.
    pub(super) fn split(&mut self) {
        let half = self.batch.len() / 2;
        let mut rest = self.batch.split_off(half.max(1));
        rest.append(&mut self.later);
        self.later = rest;
    }

    /// The single outcome of the batch is refused for good.
    pub(super) fn give_up(&mut self) -> Option<JobId> {
        let lost = self.batch.first().map(|lost| lost.lease.job);
        self.advance();
        lost
    }

    fn advance(&mut self) {
        self.batch.clear();
        self.batch.append(&mut self.later);
    }
}

/// One outcome in numbers.
pub(super) fn counted(settlement: &Settlement, settled: Settled) -> Stats {
    let mut stats = Stats::default();
    count(settlement, settled, &mut stats);
    stats
}

fn count(settlement: &Settlement, settled: Settled, stats: &mut Stats) {
    if settled != Settled::Applied {
        tracing::warn!(job = %settlement.lease.job, "an outcome came too late");
        stats.lease_lost += 1;
        return;
    }
    match &settlement.ending {
        Ending::Completed { .. } => stats.completed += 1,
        Ending::Retry { .. } => stats.retried += 1,
        Ending::Defer { .. } => stats.deferred += 1,
        Ending::Release => stats.released += 1,
        Ending::Cancelled { .. } => stats.cancelled += 1,
        Ending::Dead { .. } => {
            stats.dead += 1;
            let kind = settlement.failure.as_ref().map(|failure| failure.kind);
            if kind == Some(FailureKind::Parked) {
                stats.parked += 1;
            }
        }
    }
}

/// How fast jobs end, and so how many it is worth to have at hand.
#[derive(Debug)]
pub(super) struct Pace {
    per_second: f64,
    since: Instant,
}

/// Jobs are fetched ahead for so long. Longer would keep them from idle workers elsewhere.
const AHEAD: Duration = Duration::from_millis(50);

impl Pace {
    pub(super) fn new() -> Self {
        Self {
            per_second: 0.0,
            since: clock::instant(),
        }
    }

    /// So many ended since the last time.
    pub(super) fn done(&mut self, count: usize) {
        let now = clock::instant();
        let passed = now.saturating_duration_since(self.since).as_secs_f64();
        self.since = now;
        // The cast is exact: a batch is small.
        let fresh = count as f64 / passed.max(1e-5);
        self.per_second = (self.per_second + fresh) / 2.0;
    }

    /// How many jobs to have at hand beyond the free slots.
    pub(super) fn ahead(&self, most: usize) -> usize {
        let ahead = self.per_second * AHEAD.as_secs_f64();
        // The cast saturates.
        (ahead as usize).min(most)
    }

    /// Whether the last outcomes were taken so long ago.
    pub(super) fn lingered(&self, limit: Duration) -> bool {
        clock::instant().saturating_duration_since(self.since) >= limit
    }
}
