//! The contract of a store.
//!
//! Responsible for: what a store must do ([`Driver`], [`Inspect`]), the data that crosses the
//! line, the errors, and the parts that all drivers share (wake-ups, ends of jobs, store URLs).
//!
//! Not responsible for: doing it (`drivers`), deciding what to claim or when (`worker`).
//!
//! Invariants:
//! - Object-safe: used as `Arc<dyn Driver>`. Batched: no method is meant for one job.
//! - Times are passed in. A driver asks no clock to decide anything about a job.
//! - A job changes state only by a move of [`crate::job::MOVES`], each call in one atomic step.
//! - Work that names a lease is fenced: it changes nothing if the lease is no longer valid.
//!
//! To write a driver, read [`Driver`] from top to bottom: it is the specification, and the
//! conformance suite (`testing::conformance`) holds a driver to it.

mod capabilities;
mod claim;
mod contract;
mod ends;
mod error;
mod handoff;
mod inspect;
mod query;
mod settle;
mod upkeep;
mod url;
mod wake;

use std::future::Future;
use std::pin::Pin;

pub use capabilities::{Capabilities, EndNotice};
pub use claim::{ClaimRequest, Claimed, Claims, Lease, Pushed, QueueShare};
pub use contract::Driver;
pub use ends::{EndHub, EndWatch, Ended};
pub use error::{DriverError, ErrorKind};
pub use handoff::HandOff;
pub use inspect::Inspect;
pub use query::{
    CancelCount, JobFilter, JobPage, Order, Page, Pause, QueueCounts, QueueInfo, Selection,
};
pub use settle::{Counted, Ending, Keep, Settled, Settlement};
pub use upkeep::{Heartbeat, Migrated, Promoted, Rescue, Rescued, WorkerInfo};
pub use url::{ClientUrl, StoreUrl, Synchronous, UrlError};
pub use wake::{Wake, WakeHub, Wakes};

/// The most jobs a driver moves in one atomic step. Callers may pass more to
/// [`Driver::push`]; no other call asks for more.
pub const MAX_BATCH: usize = 1_000;

/// What the methods of a driver return.
pub type DriverFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, DriverError>> + Send + 'a>>;
