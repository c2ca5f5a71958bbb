//! Declarative command bus and durable jobs, checked at build time.
//!
//! [guide]: crate::guide
//! [errors]: crate::guide::errors
#![doc = include_str!("../../README.md")]
#![forbid(unsafe_code)]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod admin;
mod backoff;
pub mod clock;
pub mod codec;
mod command;
mod dispatch;
pub mod driver;
pub mod drivers;
mod error;
mod extensions;
mod facade;
pub mod guide;
pub mod id;
pub mod job;
#[doc(hidden)]
pub mod keys;
mod macros;
mod maintain;
pub mod prelude;
mod queue;
mod registry;
mod runtime;
mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
mod worker;

pub use admin::Jobs;
pub use command::{
    Answer, Cause, Command, Context, Denied, Descriptor, Error, ErrorKind, FromContext,
    IntoDecision, Invalid, Kind, MessageId, Need, NeedKind, Panicked, Principal, Rejection,
    Sanitize, State,
};
pub use dispatch::{
    Call, Dispatch, Failure, Middleware, Next, Running, Scope, Verdict, WrongType, layers,
};
pub use error::BoxError;
pub use extensions::Extensions;
pub use facade::{
    AlreadyInstalled, Builder, Bus, after_commit, dispatch, dispatch_all, dispatch_now,
};
pub use macros::{command, handler, handlers, job, sanitized};
pub use queue::{
    AfterCommit, Baggage, Commit, CommitError, JobExt, JobInfo, NotStored, OnCommit, Outbox,
    PendingJob, Promised, StoreError, Ticket, TraceContext, Transactional, Tx, WaitError,
};
#[cfg(feature = "sqlite")]
pub use queue::{Sqlite, SqliteConnection};
pub use registry::{Entry, HandlerEntry, Registry, Unwired, registry, verify};
pub use runtime::{RunError, WorkerBuilder};
/// The crate of [`Tx<Sqlite>`](Tx)'s connection: so that you need not depend on it.
#[cfg(feature = "sqlite")]
pub use rusqlite;
/// The crate that stores payloads: for types of your own inside jobs, so that you need not depend on
/// it. Derive with `#[serde(crate = "bus::serde")]`.
pub use serde;
pub use telemetry::{Health, Stats, WorkerHealth};
pub use tokio_util::sync::CancellationToken;
/// The crate of the `#[validate(…)]` rules: for rules of your own and for what is nested in
/// commands, so that you need not depend on it.
///
/// ```
/// use bus::prelude::*;
/// use bus::validator::{Validate, ValidationError};
///
/// #[derive(Validate)]
/// #[validate(crate = "bus::validator")]
/// struct Line {
///     #[validate(range(min = 1), custom(function = even))]
///     quantity: u32,
/// }
///
/// fn even(quantity: u32) -> Result<(), ValidationError> {
///     if quantity % 2 == 0 { Ok(()) } else { Err(ValidationError::new("even")) }
/// }
///
/// #[command]
/// struct Order {
///     #[validate(nested)]
///     lines: Vec<Line>,
/// }
///
/// #[handler]
/// fn order(_: Order) {}
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let lines = vec![Line { quantity: 2 }, Line { quantity: 3 }];
/// let error = bus::dispatch(Order { lines }).await.unwrap_err();
/// assert!(error.to_string().ends_with("lines[1].quantity: even"), "{error}");
/// # }
/// ```
pub use validator;
