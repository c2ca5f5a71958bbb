//! `Throttle`: the circuit breaker.
use super::super::call::{Call, Failure, Verdict};
use super::super::middleware::Middleware;
use super::super::next::Next;
use super::super::policy::{End, KeyedBreaker};
use super::choice::{By, Filter};
use crate::command::{Error, ErrorKind};
use std::fmt;
use std::hash::Hash;
use std::time::Duration;

/// After so many failures within a period, answers `Error::CircuitOpen { retry_after }` for
/// as long as the period; then one dispatch may try, and what becomes of it closes the
/// circuit or keeps it open for another period.
///
/// A failure is an error of the handler, a time-out (inside, or of a [`Timeout`](super::Timeout)
/// or deadline around it) or a panic, unless [`only`](Self::only) says otherwise. What its caller
/// no longer waits for is none. Each command has a circuit of its own, or each key ([`keyed`](Self::keyed)).
/// It counts in this process. For one command declare `throttle = "5 failures/10m"` instead.
///
/// ```standalone_crate
/// use bus::{Error, layers::Throttle, prelude::*};
/// use std::time::Duration;
///
/// #[command]
/// struct Charge;
///
/// #[handler]
/// fn charge(_: Charge) -> Result<(), bus::BoxError> {
///     Err("the bank does not answer".into())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let throttle = Throttle::new(2, Duration::from_secs(600));
/// let bus = Bus::builder().middleware(throttle).build().await?;
/// for _ in 0..2 {
///     assert!(matches!(bus.dispatch(Charge).await, Err(Error::Handler(_))));
/// }
/// assert!(matches!(bus.dispatch(Charge).await, Err(Error::CircuitOpen { .. })));
/// # Ok(()) }
/// ```
pub struct Throttle {
    failures: u32,
    period: Duration,
    circuits: KeyedBreaker,
    by: By,
    counts: Filter,
}

impl Throttle {
    /// Opens after `failures` within `period`, for as long as `period`.
    ///
    /// # Panics
    /// If `failures` or `period` is zero.
    pub fn new(failures: u32, period: Duration) -> Self {
        assert!(
            failures > 0,
            "a circuit that opens after no failure is never closed"
        );
        assert!(!period.is_zero(), "a circuit needs a time to be open");
        let nanos = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
        Self {
            failures,
            period,
            circuits: KeyedBreaker::new(failures, nanos),
            by: By::command(),
            counts: Box::new(|_, failure| {
                matches!(
                    failure.kind,
                    ErrorKind::Handler | ErrorKind::TimedOut | ErrorKind::Panicked
                )
            }),
        }
    }

    /// A circuit for each key, such as the service that several commands call, instead of
    /// one for each command; a dispatch for which `by` gives none passes.
    #[must_use]
    pub fn keyed<K: Hash>(
        mut self,
        by: impl Fn(Call<'_>) -> Option<K> + Send + Sync + 'static,
    ) -> Self {
        self.by = By::new(by);
        self
    }

    /// Counts only the failures for which `counts` answers true; [`Call::error`] has the
    /// details. The others neither open the circuit nor close it.
    #[must_use]
    pub fn only(
        mut self,
        counts: impl Fn(Call<'_>, Failure) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.counts = Box::new(counts);
        self
    }
}

impl Middleware for Throttle {
    async fn handle(&self, call: Call<'_>, next: Next<'_>) -> Verdict {
        let Some(key) = self.by.of(call) else {
            return next.run().await;
        };
        let judge = |_: &Verdict| match call.failure() {
            None => End::Succeeded,
            Some(failure) if (self.counts)(call, failure) => End::Failed,
            Some(_) => End::Abandoned,
        };
        // A time-out around this one: it has no answer to look at.
        let late = || {
            let failure = Failure {
                kind: ErrorKind::TimedOut,
                retry_after: None,
            };
            match (self.counts)(call, failure) {
                true => End::Failed,
                false => End::Abandoned,
            }
        };
        let rest = async { next.run().await };
        match self.circuits.guard(key, judge, late, rest).await {
            Ok(verdict) => verdict,
            Err(retry_after) => call.reject(Error::CircuitOpen {
                command: call.descriptor(),
                retry_after,
            }),
        }
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle")
            .field("failures", &self.failures)
            .field("period", &self.period)
            .finish_non_exhaustive()
    }
}
