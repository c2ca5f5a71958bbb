//! Why a worker did not start.

use crate::id::NameError;
use crate::queue::StoreError;

/// Why a worker did not start. Once it runs, it does not fail: what the store fails is tried again
/// and shown in [`Bus::health`](crate::Bus::health).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The store cannot be opened.
    #[error("the store of the worker cannot be opened")]
    Store(#[from] StoreError),
    /// A queue's name that breaks the rules.
    #[error("a queue of the worker cannot be named so")]
    Queue(#[from] NameError),
}
