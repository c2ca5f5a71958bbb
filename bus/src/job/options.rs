//! What a job's type declares about being stored and run.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::JobError;
use crate::backoff::Backoff;
use crate::id::QueueName;

/// How urgent a job is within its queue: a higher number runs earlier; 0 if none is given.
///
/// Stores order by [`rank`](Self::rank), which turns it round, so that one ascending index
/// `(queue, rank, run_at, id)` is the claim order. Nothing else converts.
///
/// ```
/// use bus::job::Priority;
/// assert!(Priority::new(9)? > Priority::NORMAL);
/// assert!(Priority::new(9)?.rank() < Priority::NORMAL.rank());
/// assert!(Priority::new(101).is_err());
/// # Ok::<(), bus::job::JobError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Priority(i16);

impl Priority {
    /// Of a job that gives none.
    pub const NORMAL: Self = Self(0);
    /// The least urgent.
    pub const MIN: Self = Self(-100);
    /// The most urgent.
    pub const MAX: Self = Self(100);

    /// A priority of -100 to 100. The range is small so that a store can put priority and due time
    /// into one number.
    ///
    /// # Errors
    /// When it is outside.
    pub const fn new(priority: i16) -> Result<Self, JobError> {
        if priority < Self::MIN.0 || priority > Self::MAX.0 {
            return Err(JobError::Priority { given: priority });
        }
        Ok(Self(priority))
    }

    /// The nearest priority within the range.
    #[must_use]
    pub const fn clamped(priority: i16) -> Self {
        if priority < Self::MIN.0 {
            Self::MIN
        } else if priority > Self::MAX.0 {
            Self::MAX
        } else {
            Self(priority)
        }
    }

    /// The number as the user gave it.
    #[must_use]
    pub const fn get(self) -> i16 {
        self.0
    }

    /// The number a store keeps and orders by, ascending: -100 for the most urgent.
    #[must_use]
    pub const fn rank(self) -> i16 {
        -self.0
    }

    /// The priority of a stored rank; what is out of range becomes the nearest.
    #[must_use]
    pub const fn from_rank(rank: i16) -> Self {
        Self::clamped(rank.saturating_neg())
    }
}

impl<'de> Deserialize<'de> for Priority {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i16::deserialize(deserializer).map(Self::clamped)
    }
}

/// The defaults a job's declaration gives; a dispatch may override what is stored with the job.
///
/// Made by the `job` macro in a static; all in `const`.
///
/// ```
/// use bus::id::QueueName;
/// use bus::job::JobOptions;
/// use std::time::Duration;
/// static EMAIL: JobOptions = JobOptions {
///     queue: &QueueName::from_static("emails"),
///     max_attempts: 4,
///     timeout: Some(Duration::from_secs(30)),
///     ..JobOptions::DEFAULT
/// };
/// assert_eq!(EMAIL.queue.as_str(), "emails");
/// assert_eq!(EMAIL.priority, JobOptions::DEFAULT.priority);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct JobOptions {
    /// Where it waits. Default: `default`. By reference, so that the options have no destructor
    /// and `..DEFAULT` works in a static.
    pub queue: &'static QueueName,
    /// How urgent it is there. Default: 0.
    pub priority: Priority,
    /// How long after its dispatch it becomes due. Default: at once.
    pub delay: Duration,
    /// Executions until it is dead: 1 + retries, at least 1. Default: 1, no retries.
    pub max_attempts: u16,
    /// The pause after each failure. Read from the code when a job fails, not stored.
    pub backoff: Backoff,
    /// The longest a single execution may take. Default: no limit.
    pub timeout: Option<Duration>,
    /// How long after its dispatch it may still be retried, whatever `max_attempts` leaves; both
    /// hold, the first to be reached ends it. Default: no limit.
    pub retry_until: Option<Duration>,
    /// How long a completed job (and its output) is kept. Default: not at all.
    pub retain: Option<Duration>,
    /// Words to find it by.
    pub tags: &'static [&'static str],
    /// The loss of its worker is final: dead rather than run a second time. It has one attempt then,
    /// whatever `max_attempts` says. Stored with the job, so that any process that rescues it knows.
    /// Default: no, a lost job runs again, see [`FATAL_LOSS`](Self::FATAL_LOSS).
    pub at_most_once: bool,
}

impl JobOptions {
    /// The most attempts a job can have: stores keep a signed 16-bit number.
    pub const MAX_ATTEMPTS: u16 = i16::MAX.unsigned_abs();

    /// From this attempt on the loss of a worker makes a job dead that is out of attempts; before,
    /// the job runs again, though it has none left.
    ///
    /// Why three: a worker that is killed loses all it holds, jobs that never began among them. So
    /// one loss says next to nothing about a job, and two may still be one bad hour of a machine. Nor
    /// may it be many: a job that kills its process costs a worker and the time of a lease each
    /// time, and the jobs that were taken with it are lost with it.
    pub const FATAL_LOSS: u32 = 3;

    /// Of a job that declares nothing.
    pub const DEFAULT: Self = Self {
        queue: &QueueName::DEFAULT,
        priority: Priority::NORMAL,
        delay: Duration::ZERO,
        max_attempts: 1,
        backoff: Backoff::DEFAULT,
        timeout: None,
        retry_until: None,
        retain: None,
        tags: &[],
        at_most_once: false,
    };
}

impl Default for JobOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_turn_the_order_round_and_lead_back() {
        for number in Priority::MIN.get()..Priority::MAX.get() {
            let (low, high) = (Priority::clamped(number), Priority::clamped(number + 1));
            assert!(low < high && low.rank() > high.rank());
            assert_eq!(Priority::from_rank(low.rank()), low);
        }
        assert_eq!(Priority::from_rank(i16::MIN), Priority::MAX);
        assert_eq!(Priority::clamped(i16::MAX), Priority::MAX);
    }
}
