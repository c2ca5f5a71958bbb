//! The states of a job and the one table of moves between them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a job is in its life.
///
/// ```
/// use bus::job::{Cause, JobState};
/// assert!(JobState::Available.may(Cause::Claim, JobState::Running));
/// assert!(!JobState::Completed.may(Cause::Claim, JobState::Running));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum JobState {
    /// Waits for its due time: it was delayed or deferred.
    Scheduled = 1,
    /// Waits for a worker.
    Available = 0,
    /// A worker has it.
    Running = 2,
    /// Waits for its due time after a failure.
    Retryable = 3,
    /// Ended well.
    Completed = 4,
    /// Ended because a person or its handler cancelled it.
    Cancelled = 5,
    /// Out of attempts, refused for good, or parked; kept for a person: a dead letter.
    Dead = 6,
}

/// A stored state that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a job state")]
pub struct UnknownState(String);

impl JobState {
    /// Each state, in the order of a job's life.
    pub const ALL: [Self; 7] = [
        Self::Scheduled,
        Self::Available,
        Self::Running,
        Self::Retryable,
        Self::Completed,
        Self::Cancelled,
        Self::Dead,
    ];

    /// The name: what people read and filter by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Available => "available",
            Self::Running => "running",
            Self::Retryable => "retryable",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Dead => "dead",
        }
    }

    /// The number stores keep; the same in each store and for ever. `Available` is 0.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The state of a number made by [`code`](Self::code).
    ///
    /// # Errors
    /// When no state has this number: the store was written by a newer version.
    pub fn from_code(code: u8) -> Result<Self, UnknownState> {
        let found = Self::ALL.into_iter().find(|state| state.code() == code);
        found.ok_or_else(|| UnknownState(code.to_string()))
    }

    /// Over: only a person's retry, delete, or the pruner touches it again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::Dead)
    }

    /// In the store and in nobody's hands.
    #[must_use]
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Scheduled | Self::Available | Self::Retryable)
    }

    /// Whether [`MOVES`] has this move.
    #[must_use]
    pub fn may(self, cause: Cause, to: Self) -> bool {
        MOVES.contains(&Move {
            from: Some(self),
            cause,
            to: Some(to),
        })
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for JobState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| UnknownState(text.to_owned()))
    }
}

/// What moves a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// It is stored.
    Push,
    /// A later push with the same unique key takes its place.
    Replace,
    /// Its due time came.
    Promote,
    /// A worker takes it.
    Claim,
    /// Its worker reports the outcome.
    Settle,
    /// Its worker is gone.
    Rescue,
    /// Its worker gives back what it does not know it holds.
    Disown,
    /// A person cancels it. A running job is only asked to end; its worker settles it.
    Cancel,
    /// A person puts it back to the head of its time: at once, with fresh attempts.
    Retry,
    /// A person deletes it.
    Delete,
    /// Its time of keeping is over.
    Prune,
}

impl Cause {
    /// Each cause.
    pub const ALL: [Self; 11] = [
        Self::Push,
        Self::Replace,
        Self::Promote,
        Self::Claim,
        Self::Settle,
        Self::Rescue,
        Self::Disown,
        Self::Cancel,
        Self::Retry,
        Self::Delete,
        Self::Prune,
    ];

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Replace => "replace",
            Self::Promote => "promote",
            Self::Claim => "claim",
            Self::Settle => "settle",
            Self::Rescue => "rescue",
            Self::Disown => "disown",
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::Delete => "delete",
            Self::Prune => "prune",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One legal move; `None` is "not in the store".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Move {
    /// The state before.
    pub from: Option<JobState>,
    /// What moves it.
    pub cause: Cause,
    /// The state after.
    pub to: Option<JobState>,
}

/// Each legal move of a job, in every store: there are no others.
pub const MOVES: &[Move] = {
    use Cause::*;
    use JobState::*;
    const fn go(from: JobState, cause: Cause, to: JobState) -> Move {
        Move {
            from: Some(from),
            cause,
            to: Some(to),
        }
    }
    const fn born(to: JobState) -> Move {
        Move {
            from: None,
            cause: Push,
            to: Some(to),
        }
    }
    const fn gone(from: JobState, cause: Cause) -> Move {
        Move {
            from: Some(from),
            cause,
            to: None,
        }
    }
    &[
        born(Scheduled),
        born(Available),
        born(Running), // hand-off: stored already leased to a worker of the pushing process
        go(Scheduled, Replace, Scheduled),
        go(Scheduled, Replace, Available),
        go(Available, Replace, Scheduled),
        go(Available, Replace, Available),
        go(Retryable, Replace, Scheduled),
        go(Retryable, Replace, Available),
        go(Scheduled, Promote, Available),
        go(Retryable, Promote, Available),
        go(Available, Claim, Running),
        go(Running, Settle, Completed),
        go(Running, Settle, Retryable), // failed, due later
        go(Running, Settle, Scheduled), // deferred
        go(Running, Settle, Available), // released; or retried or deferred to a time already past
        go(Running, Settle, Cancelled),
        go(Running, Settle, Dead),
        gone(Running, Settle), // completed and not kept
        go(Running, Rescue, Retryable),
        go(Running, Rescue, Available),
        go(Running, Rescue, Running), // out of attempts: leased to the rescuer, who settles it
        go(Running, Disown, Available),
        go(Scheduled, Cancel, Cancelled),
        go(Available, Cancel, Cancelled),
        go(Retryable, Cancel, Cancelled),
        go(Running, Cancel, Running), // asked to end
        go(Scheduled, Retry, Available),
        go(Retryable, Retry, Available),
        go(Completed, Retry, Available),
        go(Cancelled, Retry, Available),
        go(Dead, Retry, Available),
        gone(Scheduled, Delete),
        gone(Available, Delete),
        gone(Retryable, Delete),
        gone(Completed, Delete),
        gone(Cancelled, Delete),
        gone(Dead, Delete),
        gone(Completed, Prune),
        gone(Cancelled, Prune),
        gone(Dead, Prune),
    ]
};

#[cfg(test)]
mod tests;
