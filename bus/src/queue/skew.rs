//! How far this machine's clock is off the store's.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::{MINUTE, SECOND, Timestamp};

/// A program that only stores jobs asks for the store's time so often; workers learn it with each
/// heartbeat.
const EVERY: Duration = MINUTE;
/// So much is worth a word in the log.
const MUCH: Duration = SECOND;

/// The store's clock minus this machine's, as last measured. Zero until then, and for stores
/// that have no clock of their own: they are on one machine, as all who use them.
#[derive(Debug)]
pub(super) struct Skew {
    micros: AtomicI64,
    /// Whether measuring makes sense.
    on: AtomicBool,
    next: Mutex<Option<Instant>>,
}

impl Skew {
    /// `on`: the machine's clock is one that may be wrong.
    pub(super) fn new(on: bool) -> Self {
        Self {
            micros: AtomicI64::new(0),
            on: AtomicBool::new(on),
            next: Mutex::new(None),
        }
    }

    /// The store's time, when this machine shows `here`.
    pub(super) fn there(&self, here: Timestamp) -> Timestamp {
        shift(here, self.micros.load(Ordering::Relaxed))
    }

    /// What this machine shows at `there`, a time of the store.
    pub(super) fn here(&self, there: Timestamp) -> Timestamp {
        shift(there, -self.micros.load(Ordering::Relaxed))
    }

    /// Whether the store is worth asking.
    pub(super) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// Whether it is time to measure; says so once.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        if !self.is_on() {
            return false;
        }
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let due = next.is_none_or(|next| next <= now);
        if due {
            *next = Some(now + EVERY);
        }
        due
    }

    /// The store answered with its time to a question that was sent and answered when this machine
    /// showed these. How far the correction moved.
    ///
    /// The store read its clock somewhere between the two, so nothing is moved that can be explained
    /// by the way there and back: machines in step stay uncorrected.
    pub(super) fn measured(
        &self,
        store: Option<Timestamp>,
        sent: Timestamp,
        answered: Timestamp,
        now: Instant,
    ) -> Duration {
        let Some(store) = store else {
            self.on.store(false, Ordering::Relaxed);
            return Duration::ZERO;
        };
        // A clock that was set back meanwhile measures nothing.
        if !self.is_on() || answered < sent {
            return Duration::ZERO;
        }
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(now + EVERY);
        let least = store.as_micros() - answered.as_micros();
        let most = store.as_micros() - sent.as_micros();
        let before = self.micros.load(Ordering::Relaxed);
        let after = before.clamp(least, most);
        self.micros.store(after, Ordering::Relaxed);
        let moved = Duration::from_micros(after.abs_diff(before));
        if moved >= MUCH {
            let behind_s = Duration::from_micros(after.unsigned_abs()).as_secs_f64();
            let behind_s = if after < 0 { -behind_s } else { behind_s };
            tracing::warn!(
                behind_s,
                "this machine's clock is not the store's: it is corrected"
            );
        }
        moved
    }
}

fn shift(time: Timestamp, micros: i64) -> Timestamp {
    let by = Duration::from_micros(micros.unsigned_abs());
    if micros < 0 { time - by } else { time + by }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn measure(skew: &Skew, store: i64, sent: i64, answered: i64) -> Duration {
        let now = crate::clock::instant();
        skew.measured(Some(at(store)), at(sent), at(answered), now)
    }

    #[test]
    fn what_the_way_explains_is_not_corrected() {
        let skew = Skew::new(true);
        assert_eq!(measure(&skew, 1_003, 1_000, 1_010), Duration::ZERO);
        assert_eq!(skew.there(at(5)), at(5));
    }

    #[test]
    fn the_least_correction_that_explains_the_answer_is_taken() {
        let skew = Skew::new(true);
        // Ten minutes ahead of the store, an answer within 10 ms.
        measure(&skew, 0, 600_000, 600_010);
        assert_eq!(skew.there(at(600_000)), at(0));
        assert_eq!(skew.here(at(0)), at(600_000));
        // Slower answers tell less; a faster one tells more.
        assert_eq!(measure(&skew, 1_000, 600_900, 603_000), Duration::ZERO);
        let moved = measure(&skew, 2_000, 602_003, 602_004);
        assert_eq!(moved, Duration::from_millis(3));
    }

    #[test]
    fn a_store_without_a_clock_is_not_asked_again() {
        let skew = Skew::new(true);
        let now = crate::clock::instant();
        assert!(skew.is_due(now) && !skew.is_due(now));
        assert!(skew.is_due(now + EVERY));
        skew.measured(None, at(0), at(1), now);
        assert!(!skew.is_due(now + 3 * EVERY));
        assert!(!Skew::new(false).is_due(now));
    }
}
