//! What a lane has before it: the slice of jobs it begins one after the other, and what they came to.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock;
use crate::driver::{Claimed, Settlement};
use crate::id::JobId;

/// A lane's desk. Its lane takes from it job by job; others only look, steal what is not begun, or
/// fetch what is over. Aligned so that two never share a cache line (processors fetch two of 64 bytes
/// at once): each is written with every job of its lane.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Desk {
    /// Not begun.
    pub(super) jobs: VecDeque<Claimed>,
    /// In the hands of the lane.
    pub(super) current: Option<JobId>,
    /// Over.
    pub(super) done: Vec<Settlement>,
}

/// What a lane is to do next. Whom it has just told something may be waiting for its very thread,
/// where nobody else can fetch them, and the next job may block it: it pauses first.
#[expect(
    clippy::large_enum_variant,
    reason = "a box would cost each job an allocation"
)]
pub(super) enum Next {
    Job(Claimed),
    Pause,
    Nothing,
}

/// How many jobs a lane takes at once: those of about [`SHORT`](Slice::SHORT). A slice of short jobs
/// spares the lock that all share; one of long jobs would keep them from other lanes and workers.
#[derive(Debug)]
pub(super) struct Slice {
    size: usize,
    since: Instant,
    /// The time spent on slices since the lane let other tasks of its thread have a turn.
    stretch: Duration,
}

impl Slice {
    const SHORT: Duration = Duration::from_micros(100);
    const MOST: usize = 64;
    /// A turn costs the runtime a look at its timers and sockets, so short jobs share one.
    const STRETCH: Duration = Duration::from_micros(200);

    pub(super) fn new() -> Self {
        Self {
            size: 1,
            since: clock::instant(),
            stretch: Duration::ZERO,
        }
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Whether other tasks of the thread have waited long enough.
    pub(super) fn is_long_since_pause(&self) -> bool {
        self.stretch >= Self::STRETCH
    }

    /// They had a turn.
    pub(super) fn paused(&mut self) {
        self.stretch = Duration::ZERO;
    }

    /// A slice is begun now.
    pub(super) fn begin(&mut self) {
        self.since = clock::instant();
    }

    /// So many jobs of the slice were begun, and the lane was busy with them since.
    pub(super) fn end(&mut self, jobs: u32) {
        let passed = clock::instant().saturating_duration_since(self.since);
        self.stretch += passed;
        self.size = fitting(self.size, jobs, passed);
    }
}

/// As many as fit into [`Slice::SHORT`], going by the last slice; growing step by step, as that may
/// have been short by chance.
fn fitting(size: usize, jobs: u32, passed: Duration) -> usize {
    let each = passed.as_nanos() / u128::from(jobs.max(1));
    let fit = Slice::SHORT.as_nanos() / each.max(1);
    let most = Slice::MOST.min(size * 2);
    usize::try_from(fit).unwrap_or(most).clamp(1, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_grows_while_jobs_are_short_and_shrinks_at_once_when_they_are_long() {
        let fast = |size| fitting(size, 1, Duration::from_nanos(300));
        assert_eq!([1, 2, 4, 32, 64].map(fast), [2, 4, 8, 64, 64]);
        assert_eq!(fitting(64, 64, Duration::ZERO), 64);
        assert_eq!(fitting(64, 4, Duration::from_micros(100)), 4);
        assert_eq!(fitting(64, 64, Duration::from_secs(1)), 1);
    }
}
