//! What can be wrong with a job before any store has seen it.

use crate::codec::CodecError;

/// A job, or a stored part of one, that breaks a rule.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// A priority outside [`Priority::MIN`](super::Priority::MIN)..=[`Priority::MAX`](super::Priority::MAX).
    #[error("priority {given} is outside -100 to 100")]
    Priority {
        /// The number given.
        given: i16,
    },
    /// A unique or limit key that is empty or longer than [`Key::MAX_BYTES`](super::Key::MAX_BYTES).
    #[error("a key has {bytes} bytes, 1 to 255 are allowed")]
    Key {
        /// Its length.
        bytes: usize,
    },
    /// Retries for a job that is declared `at_most_once`.
    #[error("a job that is `at_most_once` has no retries")]
    AtMostOnce,
    /// Stored options or links that cannot be read.
    #[error("the stored {part} of a job cannot be read")]
    Damaged {
        /// Which part.
        part: &'static str,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A packed job that cannot be read.
    #[error("a packed job cannot be read")]
    Packed(#[source] CodecError),
}
