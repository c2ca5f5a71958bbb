//! Storing jobs, and asking after them.
//!
//! Responsible for: the builder of one job, the way into the store (check → encode → push), what
//! travels along (headers), the ticket, what is kept of a job that ended.
//!
//! Not responsible for: running jobs (`worker`), which store there is (`facade`).
//!
//! Invariants:
//! - What breaks its rules or is not allowed never reaches the store.
//! - A push that failed for now may be repeated: the id is made before.

mod after_commit;
mod baggage;
mod ended;
mod error;
mod headers;
mod info;
mod outbox;
mod pending;
#[cfg(feature = "postgres")]
mod postgres;
mod principal;
mod push;
mod skew;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
mod ticket;
mod transaction;

pub use after_commit::{AfterCommit, Commit, CommitError, NotStored, OnCommit};
pub use baggage::{Baggage, TraceContext};
pub(crate) use ended::{KEEP_CANCELLED, ON_REQUEST, cancelled, cancelled_unbegun, dead, exhausted};
pub use error::{StoreError, WaitError};
pub(crate) use headers::restore;
pub use info::JobInfo;
pub(crate) use info::{Execution, LaneState};
pub use outbox::{Outbox, Promised};
pub use pending::{JobExt, PendingJob};
pub(crate) use principal::PrincipalCodec;
pub use push::Stored;
pub(crate) use push::{push_all, run_now};
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteConnection};
pub(crate) use store::{Source, Store};
pub use ticket::Ticket;
pub(crate) use transaction::Slot;
pub use transaction::{Transactional, Tx};
