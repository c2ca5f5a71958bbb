//! How an [`Outcome`] that is no output travels through a command's answer.

use std::fmt;
use std::time::Duration;

use super::outcome::Outcome;
use crate::command::{Answer, Command, Error, IntoAnswer, IsOutput};
use crate::error::BoxError;

/// What a handler said instead of an output. The reason inside [`Error::Rejected`], so that every
/// middleware sees an answer of the usual kind; whoever runs the job reads it again.
#[derive(Debug)]
pub(crate) enum Signal {
    /// [`Outcome::Retry`].
    Retry {
        after: Option<Duration>,
        reason: Option<String>,
    },
    /// [`Outcome::Defer`].
    Defer {
        after: Duration,
        reason: Option<String>,
    },
    /// [`Outcome::Cancel`].
    Cancel { reason: String },
    /// [`Outcome::Fail`].
    Fail { reason: String },
    /// [`Outcome::Skip`].
    Skip,
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry {
                reason: Some(reason),
                ..
            } => write!(f, "asked to be run again: {reason}"),
            Self::Retry { .. } => f.write_str("asked to be run again"),
            Self::Defer {
                after,
                reason: Some(reason),
            } => write!(f, "put off for {after:?}: {reason}"),
            Self::Defer { after, .. } => write!(f, "put off for {after:?}"),
            Self::Cancel { reason } => write!(f, "cancelled by its handler: {reason}"),
            Self::Fail { reason } => f.write_str(reason),
            Self::Skip => f.write_str("there was nothing to do"),
        }
    }
}

impl std::error::Error for Signal {}

#[diagnostic::do_not_recommend]
impl<C, T> IntoAnswer<C> for Outcome<T>
where
    C: Command,
    T: IsOutput<C, C::Output>,
{
    fn into_answer(self) -> Answer<C> {
        let signal = match self {
            Self::Done(output) => return Ok(output.it()),
            Self::Retry { after, reason } => Signal::Retry { after, reason },
            Self::Defer { after, reason } => Signal::Defer { after, reason },
            Self::Cancel { reason } => Signal::Cancel { reason },
            Self::Fail { reason } => Signal::Fail { reason },
            Self::Skip => Signal::Skip,
        };
        Err(Error::Rejected {
            command: C::DESCRIPTOR,
            reason: BoxError::new(signal),
        })
    }
}
