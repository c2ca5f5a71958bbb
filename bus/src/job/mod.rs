//! The record of a job and its law.
//!
//! Responsible for: what a job carries (options, links), the states it may be in and the moves
//! between them, backoff, outcomes, failures. Pure: no store, no task, no clock of its own.
//!
//! Not responsible for: keeping jobs (`driver`), running them (`worker`), building them (`queue`).
//!
//! Invariants:
//! - A state changes only by a move of [`MOVES`]; drivers know no others.
//! - Attempts count executions, never deliveries: see [`JobRecord`].
//! - What is serialised here is in people's stores: fields are added, never renamed.

mod classify;
mod contract;
mod error;
mod failure;
mod links;
mod new_job;
mod options;
mod outcome;
mod record;
mod signal;
mod state;

pub use crate::backoff::{Backoff, Jitter};
pub use classify::{Classify, Fate, FateProbe, NotClassified};
pub use contract::{DeclaredJob, Job, JobFailed, store_form};
pub use error::JobError;
pub use failure::{Failure, FailureKind};
pub use links::{
    ChainLink, ConcurrencyUse, Conflict, Key, Links, RateLimit, RateUse, UniqueKey, UniqueUntil,
};
pub use new_job::{JobExtras, NewJob};
pub use options::{JobOptions, Priority};
pub use outcome::Outcome;
pub use record::JobRecord;
pub(crate) use signal::Signal;
pub use state::{Cause, JobState, MOVES, Move, UnknownState};
