//! The only paths that generated code may name. Not part of the public API.
pub use crate::backoff::{Backoff, Jitter};
pub use crate::clock::Timestamp;
pub use crate::codec::CodecError;
pub use crate::command::*;
pub use crate::dispatch::*;
pub use crate::error::BoxError;
pub use crate::id::QueueName;
pub use crate::job::{
    DeclaredJob, Fate, FateProbe, JobFailed, JobOptions, NewJob, NotClassified, Priority,
    store_form,
};
pub use crate::keys;
pub use crate::queue::{Stored, Ticket};
pub use crate::registry::{Runnable, verify};
pub use bus_macros::{checked, contract, rules, wire};
pub use inventory;
pub use serde;
pub use tokio_util::sync::CancellationToken;
pub use validator;

/// Asks that `C` has exactly one handler in the linked crates; see `bus::wire!`.
pub const fn handled<C: HandledBy<M>, M>() {}

/// A value for a field of what does not build: its mistake is told already.
pub fn never<T>() -> T {
    unreachable!("it does not build")
}
