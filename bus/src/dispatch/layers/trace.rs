//! `Trace`: a span for each dispatch, an event for each failure.
use super::super::call::{Call, Verdict};
use super::super::middleware::Middleware;
use super::super::next::Next;
use super::super::policy::nanos;
use crate::command::Context;
use tracing::field::{Empty, display};
use tracing::level_filters::LevelFilter;
use tracing::{Instrument, Level, Span};

/// Tells [`tracing`] of each dispatch: a span `dispatch` around it and an event when it fails.
///
/// The span has the fields `command`, `id`, `correlation_id` (a valid W3C trace id),
/// `causation_id` inside another dispatch, and at its end `outcome` (`ok`, the kind of the
/// error as in [`ErrorKind`](crate::ErrorKind), `cancelled` or `panicked`) and `elapsed_us`.
/// The command itself is not shown: it may hold secrets; nor is an error of a type that the
/// command declares, see [`Call::reason`].
///
/// The target is `bus`. Where its level is filtered out, all this costs a comparison.
///
/// ```standalone_crate
/// use bus::{layers::Trace, prelude::*};
/// use tracing_subscriber::fmt::format::FmtSpan;
///
/// #[command]
/// struct Ping;
///
/// #[handler]
/// fn ping(_: Ping) {}
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// tracing_subscriber::fmt().with_span_events(FmtSpan::CLOSE).init();
/// let bus = Bus::builder().middleware(Trace::new()).build().await?;
/// bus.dispatch(Ping).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Trace {
    span: Level,
    failure: Level,
    success: Option<Level>,
}

impl Default for Trace {
    fn default() -> Self {
        Self::new()
    }
}

impl Trace {
    /// Spans at `INFO`, failures at `WARN`, no events of success.
    pub const fn new() -> Self {
        Self {
            span: Level::INFO,
            failure: Level::WARN,
            success: None,
        }
    }

    /// The level of the spans.
    #[must_use]
    pub const fn level(mut self, level: Level) -> Self {
        self.span = level;
        self
    }

    /// The level of the events of failure.
    #[must_use]
    pub const fn failures(mut self, level: Level) -> Self {
        self.failure = level;
        self
    }

    /// An event for each success too, at this level: for logs without spans.
    #[must_use]
    pub const fn successes(mut self, level: Level) -> Self {
        self.success = Some(level);
        self
    }

    /// Whether anybody could listen.
    fn is_heard(self) -> bool {
        let heard = LevelFilter::current();
        self.span <= heard || self.failure <= heard || self.success.is_some_and(|at| at <= heard)
    }
}

/// The macros of `tracing` take constant levels: one call site for each.
macro_rules! at_level {
    ($level:expr, $kind:ident!($($body:tt)*)) => {
        match $level {
            Level::ERROR => tracing::$kind!(target: "bus", Level::ERROR, $($body)*),
            Level::WARN => tracing::$kind!(target: "bus", Level::WARN, $($body)*),
            Level::INFO => tracing::$kind!(target: "bus", Level::INFO, $($body)*),
            Level::DEBUG => tracing::$kind!(target: "bus", Level::DEBUG, $($body)*),
            Level::TRACE => tracing::$kind!(target: "bus", Level::TRACE, $($body)*),
        }
    };
}

fn span(level: Level, call: Call<'_>, cx: &Context) -> Span {
    let span = at_level!(
        level,
        span!(
            "dispatch",
            command = call.descriptor().name,
            id = %cx.id(),
            correlation_id = %cx.correlation_id(),
            causation_id = Empty,
            outcome = Empty,
            elapsed_us = Empty,
        )
    );
    if let Some(causation) = cx.causation_id() {
        span.record("causation_id", display(causation));
    }
    span
}

/// Tells the end, also that of a dispatch which is dropped or panics.
struct Ending<'c> {
    trace: Trace,
    call: Call<'c>,
    span: Span,
    begun: u64,
    ended: bool,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let elapsed_us = nanos().saturating_sub(self.begun) / 1_000;
        self.span.record("elapsed_us", elapsed_us);
        let _inside = self.span.enter();
        if !self.ended {
            let outcome = match std::thread::panicking() {
                true => "panicked",
                false => "cancelled",
            };
            self.span.record("outcome", outcome);
            let level = self.trace.failure;
            self.event(level, outcome, elapsed_us, None);
            return;
        }
        match self.call.failure() {
            None => {
                self.span.record("outcome", "ok");
                if let Some(level) = self.trace.success {
                    self.event(level, "ok", elapsed_us, None);
                }
            }
            Some(failure) => {
                let kind = failure.kind.as_str();
                self.span.record("outcome", kind);
                let level = self.trace.failure;
                if level <= LevelFilter::current() {
                    self.event(level, kind, elapsed_us, self.call.reason().as_deref());
                }
            }
        }
    }
}

impl Ending<'_> {
    fn event(&self, level: Level, outcome: &'static str, elapsed_us: u64, reason: Option<&str>) {
        let command = self.call.descriptor().name;
        let correlation_id = self.call.context().correlation_id();
        let message = match outcome {
            "ok" => "dispatch succeeded",
            "cancelled" => "dispatch cancelled",
            _ => "dispatch failed",
        };
        at_level!(
            level,
            event!(
                command,
                %correlation_id,
                outcome,
                elapsed_us,
                reason,
                "{message}"
            )
        );
    }
}

impl Middleware for Trace {
    async fn handle(&self, call: Call<'_>, next: Next<'_>) -> Verdict {
        if !self.is_heard() {
            return next.run().await;
        }
        let span = span(self.span, call, &call.context());
        let mut ending = Ending {
            trace: *self,
            call,
            span: span.clone(),
            begun: nanos(),
            ended: false,
        };
        let verdict = async { next.run().await }.instrument(span).await;
        ending.ended = true;
        verdict
    }
}
