//! Telling the store the outcome of a delivery.

use std::time::Duration;

use bytes::Bytes;

use super::claim::Lease;
use crate::clock::Timestamp;
use crate::job::{Failure, JobState, NewJob};

/// How long a job that ended is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Not at all: the row is gone with the settle.
    Drop,
    /// Until the pruner comes by after this time.
    Until(Timestamp),
    /// Until somebody deletes it.
    Forever,
}

impl Keep {
    /// Kept for `time` from `now` on; zero or `None` is [`Drop`](Self::Drop).
    #[must_use]
    pub fn for_time(time: Option<Duration>, now: Timestamp) -> Self {
        match time {
            Some(time) if !time.is_zero() => Self::Until(now + time),
            _ => Self::Drop,
        }
    }
}

/// Which counter the delivery moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counted {
    /// An execution that began: attempts + 1.
    Attempt,
    /// Put off: deferrals + 1.
    Deferral,
    /// None.
    Nothing,
}

/// What becomes of the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// → `completed`, or gone if not kept.
    Completed {
        /// What the handler returned, encoded; kept with the row, if it is kept.
        output: Option<Bytes>,
        /// How long the row is kept.
        keep: Keep,
    },
    /// → `retryable`, due `at`; → `available` if that is not after now.
    Retry {
        /// When it is due again.
        at: Timestamp,
    },
    /// → `scheduled`, due `at`; → `available` if that is not after now.
    Defer {
        /// When it is due again.
        at: Timestamp,
    },
    /// → `available`, its due time unchanged, so that it has its old place in the queue.
    Release,
    /// → `cancelled`, or gone if not kept.
    Cancelled {
        /// Why.
        reason: String,
        /// How long the row is kept.
        keep: Keep,
    },
    /// → `dead`, or gone if not kept. Out of attempts, failed for good, or parked.
    Dead {
        /// Why.
        reason: String,
        /// How long the row is kept.
        keep: Keep,
    },
}

/// One delivery's outcome with all that follows from it: one atomic step in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a settlement does nothing until the driver has it"]
pub struct Settlement {
    /// Which delivery.
    pub lease: Lease,
    /// What becomes of the job.
    pub ending: Ending,
    /// Which counter moves.
    pub counted: Counted,
    /// What to append to the history. Boxed, as most have none, and settlements are moved about.
    pub failure: Option<Box<Failure>>,
    /// Jobs to store in the same step: the next link, callbacks, `on_failure`. Stored if and only
    /// if the settlement is applied; as by [`push`](super::Driver::push), unique keys included.
    pub follow: Vec<NewJob>,
}

impl Settlement {
    /// With what `ending` and `counted` say and nothing else.
    pub const fn new(lease: Lease, ending: Ending, counted: Counted) -> Self {
        Self {
            lease,
            ending,
            counted,
            failure: None,
            follow: Vec::new(),
        }
    }

    /// Done.
    pub const fn completed(lease: Lease, output: Option<Bytes>, keep: Keep) -> Self {
        Self::new(lease, Ending::Completed { output, keep }, Counted::Attempt)
    }

    /// Failed, again `at`.
    pub fn retry(lease: Lease, at: Timestamp, failure: Failure) -> Self {
        Self::new(lease, Ending::Retry { at }, Counted::Attempt).with_failure(failure)
    }

    /// Put off until `at`; no attempt.
    pub const fn deferred(lease: Lease, at: Timestamp) -> Self {
        Self::new(lease, Ending::Defer { at }, Counted::Deferral)
    }

    /// Given back unstarted or at shutdown; nothing is counted.
    pub const fn released(lease: Lease) -> Self {
        Self::new(lease, Ending::Release, Counted::Nothing)
    }

    /// Cancelled by its handler or at a person's request.
    pub const fn cancelled(lease: Lease, reason: String, keep: Keep) -> Self {
        Self::new(lease, Ending::Cancelled { reason, keep }, Counted::Attempt)
    }

    /// Out of attempts or failed for good. For a job from [`Rescued::exhausted`], whose attempt
    /// the rescue has counted, set `counted` to [`Counted::Nothing`].
    ///
    /// [`Rescued::exhausted`]: super::Rescued::exhausted
    pub fn dead(lease: Lease, reason: String, keep: Keep, failure: Failure) -> Self {
        Self::new(lease, Ending::Dead { reason, keep }, Counted::Attempt).with_failure(failure)
    }

    /// Nobody here can run it: dead with that reason, no attempt, kept until a person decides.
    pub fn parked(lease: Lease, reason: String, failure: Failure) -> Self {
        let ending = Ending::Dead {
            reason,
            keep: Keep::Forever,
        };
        Self::new(lease, ending, Counted::Nothing).with_failure(failure)
    }

    /// The same with this line of history.
    pub fn with_failure(mut self, failure: Failure) -> Self {
        self.failure = Some(Box::new(failure));
        self
    }

    /// The same with these jobs to follow.
    pub fn with_follow(mut self, follow: Vec<NewJob>) -> Self {
        self.follow = follow;
        self
    }

    /// The state the job gets; `None`: it is gone. The one place that decides it, for all drivers.
    #[must_use]
    pub fn target(&self, now: Timestamp) -> Option<JobState> {
        let kept = |keep, state| (keep != Keep::Drop).then_some(state);
        match self.ending {
            Ending::Completed { keep, .. } => kept(keep, JobState::Completed),
            Ending::Cancelled { keep, .. } => kept(keep, JobState::Cancelled),
            Ending::Dead { keep, .. } => kept(keep, JobState::Dead),
            Ending::Release => Some(JobState::Available),
            Ending::Retry { at } | Ending::Defer { at } if at <= now => Some(JobState::Available),
            Ending::Retry { .. } => Some(JobState::Retryable),
            Ending::Defer { .. } => Some(JobState::Scheduled),
        }
    }
}

/// What became of one settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Settled {
    /// All of it happened.
    Applied,
    /// None of it happened: the lease is no longer valid. Also the answer to a repeated
    /// settlement.
    LeaseLost,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{JobId, QueueName};
    use crate::job::{Cause, MOVES, Move};

    #[test]
    fn each_target_is_a_legal_move() {
        let now = Timestamp::from_millis(10);
        let later = Timestamp::from_millis(11);
        let mut endings = vec![Ending::Release];
        for at in [now, later] {
            endings.extend([Ending::Retry { at }, Ending::Defer { at }]);
        }
        for keep in [Keep::Drop, Keep::Until(later), Keep::Forever] {
            let reason = String::new();
            endings.push(Ending::Completed { output: None, keep });
            endings.push(Ending::Cancelled {
                reason: reason.clone(),
                keep,
            });
            endings.push(Ending::Dead { reason, keep });
        }
        for ending in endings {
            let lease = Lease {
                job: JobId::new(),
                queue: QueueName::DEFAULT,
                delivery: 1,
                token: 0,
            };
            let settlement = Settlement::new(lease, ending, Counted::Nothing);
            let to = settlement.target(now);
            let step = Move {
                from: Some(JobState::Running),
                cause: Cause::Settle,
                to,
            };
            assert!(MOVES.contains(&step), "{settlement:?}");
        }
    }

    #[test]
    fn no_time_to_keep_is_to_drop() {
        let now = Timestamp::EPOCH;
        assert_eq!(Keep::for_time(None, now), Keep::Drop);
        assert_eq!(Keep::for_time(Some(Duration::ZERO), now), Keep::Drop);
        let minute = Duration::from_secs(60);
        assert_eq!(Keep::for_time(Some(minute), now), Keep::Until(now + minute));
    }
}
