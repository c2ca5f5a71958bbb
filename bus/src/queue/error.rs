//! What can go wrong on the way into the store, and on the way back.

use crate::codec::CodecError;
use crate::driver::{DriverError, UrlError};
use crate::id::{JobId, NameError};
use crate::job::{Failure, JobError, JobState};

/// Why a job could not be stored: the source of [`Error::Store`](crate::Error::Store), or of what
/// a bus answers that has no store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no bus here: none is installed and no scope of one encloses the dispatch.
    #[error("there is no bus with a store here: install one, or dispatch on one")]
    NoBus,
    /// The store's URL is not one.
    #[error("the store cannot be found")]
    Url(#[from] UrlError),
    /// The store did not do it.
    #[error("the store failed")]
    Driver(#[from] DriverError),
    /// The payload cannot be written.
    #[error("the payload cannot be encoded")]
    Codec(#[from] CodecError),
    /// A queue's name that breaks the rules.
    #[error("the queue cannot be named so")]
    Name(#[from] NameError),
    /// An option that breaks its rule.
    #[error("an option of the job is not valid")]
    Job(#[from] JobError),
}

/// Why a ticket has no output to give.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The job is dead: out of attempts, refused for good, or parked.
    #[error("job {id} is dead: {reason}")]
    #[non_exhaustive]
    Dead {
        /// The job.
        id: JobId,
        /// Why, in words.
        reason: String,
        /// Its last failure.
        failure: Option<Box<Failure>>,
    },
    /// The job was cancelled.
    #[error("job {id} was cancelled: {reason}")]
    #[non_exhaustive]
    Cancelled {
        /// The job.
        id: JobId,
        /// Why, in words.
        reason: String,
    },
    /// The job ended longer ago than its output is kept, or was deleted: declare `retain`.
    #[error("job {id} is no longer in the store, and its output with it")]
    #[non_exhaustive]
    Gone {
        /// The job.
        id: JobId,
    },
    /// The job is completed but has no output: it skipped, or its output could not be encoded.
    #[error("job {id} is completed without an output")]
    #[non_exhaustive]
    NoOutput {
        /// The job.
        id: JobId,
    },
    /// The stored output is none of the declared type.
    #[error("the output of job {id} cannot be read")]
    #[non_exhaustive]
    Output {
        /// The job.
        id: JobId,
        /// Why not.
        source: CodecError,
    },
    /// The store failed for good.
    #[error("the store failed")]
    Store(#[from] DriverError),
}

impl WaitError {
    /// The state the job ended in, where that is why.
    #[must_use]
    pub const fn state(&self) -> Option<JobState> {
        match self {
            Self::Dead { .. } => Some(JobState::Dead),
            Self::Cancelled { .. } => Some(JobState::Cancelled),
            Self::NoOutput { .. } | Self::Output { .. } => Some(JobState::Completed),
            Self::Gone { .. } | Self::Store(_) => None,
        }
    }
}
