//! What a handler says about its job, beyond success or failure.

use std::time::Duration;

/// The return type of a job handler that has more to say than `Result`.
///
/// ```
/// use bus::job::Outcome;
/// use std::time::Duration;
///
/// async fn send(busy: bool) -> Outcome<()> {
///     if busy {
///         return Outcome::defer(Duration::from_secs(30)); // costs no attempt
///     }
///     Outcome::done(())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "an outcome says what becomes of the job only if it is returned"]
pub enum Outcome<T> {
    /// Completed, with this output.
    Done(T),
    /// This attempt failed; run again while attempts are left.
    Retry {
        /// The pause; `None`: what the job's backoff says.
        after: Option<Duration>,
        /// What the history shows.
        reason: Option<String>,
    },
    /// Not now: run again after the pause. Costs no attempt.
    Defer {
        /// The pause.
        after: Duration,
        /// What the log shows.
        reason: Option<String>,
    },
    /// It is no longer wanted: ends cancelled.
    Cancel {
        /// What the record shows.
        reason: String,
    },
    /// It can never succeed: ends dead, whatever attempts are left.
    Fail {
        /// What the record shows.
        reason: String,
    },
    /// There was nothing to do: ends completed, without output.
    Skip,
}

impl<T> Outcome<T> {
    /// Completed.
    pub const fn done(output: T) -> Self {
        Self::Done(output)
    }

    /// Failed; again after the job's backoff.
    pub const fn retry() -> Self {
        Self::Retry {
            after: None,
            reason: None,
        }
    }

    /// Failed; again after this pause.
    pub const fn retry_after(pause: Duration) -> Self {
        Self::Retry {
            after: Some(pause),
            reason: None,
        }
    }

    /// Not now; again after this pause, and no attempt is counted.
    pub const fn defer(pause: Duration) -> Self {
        Self::Defer {
            after: pause,
            reason: None,
        }
    }

    /// No longer wanted.
    pub fn cancel(reason: impl Into<String>) -> Self {
        Self::Cancel {
            reason: reason.into(),
        }
    }

    /// Can never succeed.
    pub fn fail(reason: impl Into<String>) -> Self {
        Self::Fail {
            reason: reason.into(),
        }
    }

    /// Nothing to do.
    pub const fn skip() -> Self {
        Self::Skip
    }

    /// Says why: `Outcome::retry().because("the mail server is busy")`. `Done` and `Skip` need no
    /// reason and stay as they are.
    pub fn because(self, why: impl Into<String>) -> Self {
        match self {
            Self::Retry { after, .. } => Self::Retry {
                after,
                reason: Some(why.into()),
            },
            Self::Defer { after, .. } => Self::Defer {
                after,
                reason: Some(why.into()),
            },
            Self::Cancel { .. } => Self::Cancel { reason: why.into() },
            Self::Fail { .. } => Self::Fail { reason: why.into() },
            same @ (Self::Done(_) | Self::Skip) => same,
        }
    }

    /// The same outcome with its output changed, as when it is encoded.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(output) => Outcome::Done(change(output)),
            Self::Retry { after, reason } => Outcome::Retry { after, reason },
            Self::Defer { after, reason } => Outcome::Defer { after, reason },
            Self::Cancel { reason } => Outcome::Cancel { reason },
            Self::Fail { reason } => Outcome::Fail { reason },
            Self::Skip => Outcome::Skip,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_goes_where_one_can_be() {
        let retry = Outcome::<()>::retry().because("busy");
        assert_eq!(
            retry,
            Outcome::Retry {
                after: None,
                reason: Some("busy".to_owned())
            }
        );
        assert_eq!(Outcome::done(1).because("x"), Outcome::Done(1));
        assert_eq!(Outcome::done(1).map(|n| n + 1), Outcome::Done(2));
    }
}
