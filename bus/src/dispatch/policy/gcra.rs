//! `rate = "100/s"`: the generic cell rate algorithm (ITU-T I.371, in its virtual
//! scheduling form) in one atomic word.
use super::now::nanos;
use crate::command::{Command, Error};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// So many in a period, and how many at once after a quiet time.
///
/// Over any window of one period at most `burst + count` pass: the burst that had gathered
/// and what the rate lets through meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Nanoseconds that one takes of the period.
    interval: u64,
    /// How far the schedule may run ahead of the time: `interval × (burst - 1)`.
    tolerance: u64,
}

impl Quota {
    /// `count` in `period` nanoseconds, `burst` of them at once after a quiet time.
    /// All are at least 1; the macros have checked that.
    pub const fn new(count: u32, period: u64, burst: u32) -> Self {
        // Rounded up: never more than declared. A count above the nanoseconds of the period
        // can't be told apart from one each nanosecond.
        let interval = period.div_ceil(count as u64);
        Self {
            interval,
            tolerance: interval.saturating_mul(burst.saturating_sub(1) as u64),
        }
    }

    /// Decides for one at `now`, given when the next is due by the schedule: the new
    /// schedule, or how long to wait.
    #[inline]
    pub(super) fn decide(self, due: u64, now: u64) -> Result<u64, Duration> {
        let due = due.max(now);
        match (due - now).checked_sub(self.tolerance) {
            None | Some(0) => Ok(due.saturating_add(self.interval)),
            Some(early) => Err(Duration::from_nanos(early)),
        }
    }
}

/// The limit of one command in this process, without a key. Free of locks.
#[derive(Debug)]
pub struct Rate {
    quota: Quota,
    /// When the next is due by the schedule, in nanoseconds since the process first asked.
    due: AtomicU64,
}

impl Rate {
    /// A limit that nothing has counted against yet.
    pub const fn new(quota: Quota) -> Self {
        Self {
            quota,
            due: AtomicU64::new(0),
        }
    }

    /// What it lets through.
    pub(in super::super) fn quota(&self) -> Quota {
        self.quota
    }

    /// Counts one, or says how long to wait. A refused one is not counted.
    ///
    /// # Errors
    /// How long until the next one fits.
    #[inline]
    pub fn take(&self) -> Result<(), Duration> {
        let now = nanos();
        let mut due = self.due.load(Ordering::Relaxed);
        loop {
            let next = self.quota.decide(due, now)?;
            // Relaxed: the word is the whole state, no other memory hangs on it.
            match self
                .due
                .compare_exchange_weak(due, next, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return Ok(()),
                Err(seen) => due = seen,
            }
        }
    }

    /// Counts one dispatch of `C`.
    ///
    /// # Errors
    /// `Error::RateLimited`.
    #[inline]
    pub fn check<C: Command>(&self) -> Result<(), Error<C::Error>> {
        self.take().map_err(|retry_after| Error::RateLimited {
            command: C::DESCRIPTOR,
            retry_after,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate_holds() {
        let quota = Quota::new(10, 1_000, 3);
        let mut due = 0;
        for _ in 0..3 {
            due = quota.decide(due, 0).unwrap();
        }
        assert_eq!(quota.decide(due, 0), Err(Duration::from_nanos(100)));
        assert_eq!(quota.decide(due, 99), Err(Duration::from_nanos(1)));
        due = quota.decide(due, 100).unwrap();
        assert_eq!(quota.decide(due, 150), Err(Duration::from_nanos(50)));
        assert!(quota.decide(due, 1_000_000).is_ok(), "a quiet time refills");
    }

    #[test]
    fn no_window_lets_more_through_than_burst_and_count() {
        let (count, period, burst) = (7_u32, 7_000_u64, 4_u32);
        let quota = Quota::new(count, period, burst);
        let (mut due, mut passed) = (0, Vec::new());
        for now in (0..40_000).step_by(13) {
            if let Ok(next) = quota.decide(due, now) {
                due = next;
                passed.push(now);
            }
        }
        for (index, start) in passed.iter().enumerate() {
            let window = passed[index..]
                .iter()
                .take_while(|at| **at < start + period)
                .count();
            assert!(
                window <= (burst + count) as usize,
                "{window} in the window at {start}"
            );
        }
    }
}
