//! Declarative command bus and durable jobs, checked at build time.
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
pub use facade::{AlreadyInstalled, Builder, Bus, dispatch, dispatch_all, dispatch_now};
pub use macros::{command, handler, handlers, job, sanitized};
pub use queue::{
    Baggage, JobExt, JobInfo, PendingJob, StoreError, Ticket, TraceContext, WaitError,
};
pub use registry::{Entry, HandlerEntry, Registry, Unwired, registry, verify};
pub use runtime::{RunError, WorkerBuilder};
pub use telemetry::{Health, Stats, WorkerHealth};
pub use tokio_util::sync::CancellationToken;
