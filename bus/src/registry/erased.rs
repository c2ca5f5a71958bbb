//! From a job's bytes to its handler and back: the only place where generics are erased.

use std::any::TypeId;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;

use super::blocking::on_blocking_pool;
use super::caught::{Caught, Panic};
use crate::clock::Timestamp;
use crate::codec::{CodecError, decode, encode};
use crate::command::{Answer, Cause, Context, Descriptor, Error};
use crate::dispatch::run_in;
use crate::job::{FailureKind, Fate, Job, JobFailed, JobOptions, NewJob, Signal};

/// A job of this program that has a handler, its type forgotten. Submitted by the macros.
#[derive(Clone, Copy)]
pub struct Runnable {
    descriptor: &'static Descriptor,
    options: &'static JobOptions,
    start: fn(Delivery) -> Erased,
    on_failure: OnFailure,
    has_output: fn() -> bool,
}

type OnFailure = fn(JobFailed, Timestamp) -> Option<Result<NewJob, CodecError>>;

/// A job's execution under way. A panic anywhere on the way, in the payload's own code too, is a
/// failure of the job.
pub(crate) struct Run(Caught<Erased>);

type Erased = Pin<Box<dyn Future<Output = Ran> + Send>>;

impl Future for Run {
    type Output = Ran;

    fn poll(mut self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Ran> {
        let run = Pin::new(&mut self.0);
        run.poll(task).map(|ran| ran.unwrap_or_else(panicked))
    }
}

/// What an execution needs.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// The payload.
    pub(crate) body: Bytes,
    /// Where it runs.
    pub(crate) context: Context,
    /// Its handler is a plain function, which may block.
    pub(crate) blocking: bool,
}

/// How an execution ended.
#[derive(Debug)]
pub(crate) enum Ran {
    /// Well; with the encoded output, if there is one worth keeping.
    Completed(Option<Bytes>),
    /// Badly.
    Failed(Broken),
    /// It may not run now.
    Deferred { after: Duration, reason: String },
    /// Its handler cancelled it.
    Cancelled { reason: String },
    /// It cannot run in this program.
    Parked { reason: String },
    /// A person asked it to end, and it was dropped.
    Stopped,
}

/// A failed execution.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) kind: FailureKind,
    pub(crate) message: String,
    pub(crate) place: Option<String>,
    pub(crate) fate: Fate,
}

impl Broken {
    /// Without a place.
    pub(crate) fn new(kind: FailureKind, message: String, fate: Fate) -> Self {
        Self {
            kind,
            message,
            place: None,
            fate,
        }
    }
}

impl Runnable {
    /// That of `J`.
    #[must_use]
    pub const fn new<J: Job>() -> Self {
        Self {
            descriptor: J::DESCRIPTOR,
            options: J::OPTIONS,
            start: |delivery| match delivery.blocking {
                false => Box::pin(perform::<J>(delivery)),
                true => Box::pin(perform_blocking::<J>(delivery)),
            },
            on_failure: J::__on_failure,
            has_output: || TypeId::of::<J::Output>() != TypeId::of::<()>(),
        }
    }

    pub(crate) fn descriptor(&self) -> &'static Descriptor {
        self.descriptor
    }

    pub(crate) fn options(&self) -> &'static JobOptions {
        self.options
    }

    /// Decodes and runs it, once it is polled.
    pub(crate) fn start(&self, delivery: Delivery) -> Run {
        Run(Caught::new((self.start)(delivery)))
    }

    /// The job to store when this one is dead. The user's code makes it: that must not stop the
    /// settling of the dead one.
    pub(crate) fn follow(&self, failed: JobFailed, now: Timestamp) -> Option<NewJob> {
        let job = self.descriptor.name;
        match catch_unwind(AssertUnwindSafe(|| (self.on_failure)(failed, now))) {
            Ok(None) => None,
            Ok(Some(Ok(follow))) => Some(follow),
            Ok(Some(Err(error))) => {
                let error = with_sources(&error);
                tracing::error!(job, error, "the `on_failure` job cannot be encoded");
                None
            }
            Err(_) => {
                tracing::error!(job, "making the `on_failure` job panicked");
                None
            }
        }
    }

    /// How long a completed one is kept: as declared; if nothing is, long enough for
    /// `ticket.wait()` of another process to fetch an output that says more than "done".
    pub(crate) fn retain(&self) -> Option<Duration> {
        let short = || (self.has_output)().then_some(OUTPUT_RETAINED);
        self.options.retain.or_else(short)
    }
}

/// How long an output is kept when the declaration does not say.
const OUTPUT_RETAINED: Duration = Duration::from_secs(5 * 60);

impl fmt::Debug for Runnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Runnable")
            .field(&self.descriptor.name)
            .finish()
    }
}

inventory::collect!(Runnable);

/// Runs it where it is.
async fn perform<J: Job>(delivery: Delivery) -> Ran {
    let job: J = match decode(&delivery.body) {
        Ok(job) => job,
        Err(error) => return undecodable(&error),
    };
    classify::<J>(run_in(job, delivery.context).await)
}

/// Runs it where it may block.
async fn perform_blocking<J: Job>(delivery: Delivery) -> Ran {
    let job: J = match decode(&delivery.body) {
        Ok(job) => job,
        Err(error) => return undecodable(&error),
    };
    match on_blocking_pool(run_in(job, delivery.context)).await {
        Ok(answer) => classify::<J>(answer),
        Err(panic) => panicked(panic),
    }
}

#[cold]
fn undecodable(error: &CodecError) -> Ran {
    let reason = with_sources(error);
    Ran::Parked { reason }
}

fn panicked(panic: Panic) -> Ran {
    Ran::Failed(Broken {
        place: panic.place,
        ..Broken::new(FailureKind::Panic, panic.message, Fate::Retry)
    })
}

/// What an answer means for the job.
fn classify<J: Job>(answer: Answer<J>) -> Ran {
    match answer {
        Ok(output) => Ran::Completed(encode_output::<J>(&output)),
        Err(error) => failed::<J>(error),
    }
}

fn encode_output<J: Job>(output: &J::Output) -> Option<Bytes> {
    if TypeId::of::<J::Output>() == TypeId::of::<()>() {
        return None;
    }
    // Its effects are done, so it is completed all the same; who waits learns that there is no
    // output.
    encode(output)
        .inspect_err(|error| {
            let (job, error) = (J::DESCRIPTOR.name, with_sources(error));
            tracing::error!(job, error, "the output of a job cannot be encoded");
        })
        .ok()
}

#[cold]
fn failed<J: Job>(error: Error<J::Error>) -> Ran {
    match error {
        Error::RateLimited { retry_after, .. } | Error::CircuitOpen { retry_after, .. } => {
            Ran::Deferred {
                after: retry_after,
                reason: error.to_string(),
            }
        }
        Error::Overlapped { .. } => Ran::Deferred {
            after: OVERLAPPED,
            reason: error.to_string(),
        },
        Error::Rejected { reason, command } if reason.is::<Signal>() => {
            match reason.into_inner().downcast::<Signal>() {
                Ok(signal) => signalled(*signal),
                Err(reason) => {
                    let reason = crate::error::BoxError::new(reason);
                    broken::<J>(&Error::Rejected { command, reason })
                }
            }
        }
        // Not the job's fault: another program, or this one once it is repaired, can run it.
        Error::Missing { .. } => Ran::Parked {
            reason: error.to_string(),
        },
        error => broken::<J>(&error),
    }
}

/// How long to wait for one that runs already, as nobody knows when it ends.
const OVERLAPPED: Duration = Duration::from_secs(1);

fn broken<J: Job>(error: &Error<J::Error>) -> Ran {
    let (kind, fate) = match error {
        Error::Handler(error) => (FailureKind::Error, J::__fate(error)),
        // The same job meets the same rules each time.
        Error::Invalid(_) | Error::Denied(_) => (FailureKind::Error, Fate::Fail),
        Error::TimedOut { .. } => (FailureKind::Timeout, Fate::Retry),
        Error::Panicked(_) => (FailureKind::Panic, Fate::Retry),
        _ => (FailureKind::Error, Fate::Retry),
    };
    let message = match error {
        Error::Handler(error) => with_sources(error.cause()),
        other => with_sources(other),
    };
    match fate {
        Fate::Cancel => Ran::Cancelled { reason: message },
        Fate::Defer(after) => Ran::Deferred {
            after,
            reason: message,
        },
        fate => Ran::Failed(Broken::new(kind, message, fate)),
    }
}

fn signalled(signal: Signal) -> Ran {
    let message = signal.to_string();
    match signal {
        Signal::Retry { after, .. } => {
            let fate = after.map_or(Fate::Retry, Fate::RetryAfter);
            Ran::Failed(Broken::new(FailureKind::Error, message, fate))
        }
        Signal::Defer { after, .. } => Ran::Deferred {
            after,
            reason: message,
        },
        Signal::Cancel { reason } => Ran::Cancelled { reason },
        Signal::Fail { .. } => Ran::Failed(Broken::new(FailureKind::Error, message, Fate::Fail)),
        Signal::Skip => Ran::Completed(None),
    }
}

/// The message with those of its causes: a history holds text only.
pub(crate) fn with_sources(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}
