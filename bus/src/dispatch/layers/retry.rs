//! `Retry`: runs again what failed.
use super::super::call::{Call, Failure, Verdict};
use super::super::middleware::Middleware;
use super::super::next::Next;
use super::choice::Filter;
use crate::backoff::{Backoff, Jitter};
use crate::command::ErrorKind;
use std::fmt;
use std::time::Duration;

/// Runs the rest of the way again when it failed.
///
/// A failure is an error of the handler or a time-out, unless [`only`](Self::only) says
/// otherwise. A command that is not `Clone` can't be run again: it passes once, its failure
/// is final. For one command declare `retries = 3` instead, which insists on `Clone`.
///
/// The wait is in memory and the caller waits too: work that should survive longer troubles
/// is a job.
///
/// ```standalone_crate
/// use bus::{job::Backoff, layers::Retry, prelude::*};
/// use std::{sync::atomic::{AtomicU32, Ordering}, time::Duration};
///
/// #[derive(Clone)]
/// #[command(output = u32)]
/// struct Fetch;
///
/// #[handler]
/// fn fetch(_: Fetch) -> Result<u32, bus::BoxError> {
///     static RUNS: AtomicU32 = AtomicU32::new(0);
///     match RUNS.fetch_add(1, Ordering::Relaxed) {
///         run @ 0..2 => Err(format!("run {run} fails").into()),
///         run => Ok(run),
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let retry = Retry::times(3).backoff(Backoff::fixed(Duration::from_millis(5)));
/// let bus = Bus::builder().middleware(retry).build().await?;
/// assert_eq!(bus.dispatch(Fetch).await?, 2);
/// # Ok(()) }
/// ```
pub struct Retry {
    retries: u32,
    backoff: Backoff,
    again: Filter,
}

/// The waits, where the user names none: the caller waits too, so they are short.
const WAITS: Backoff = Backoff::exponential(Duration::from_millis(100), Duration::from_secs(10))
    .with_jitter(Jitter::HALF);

impl Retry {
    /// At most `retries` more runs after the first, with waits from 100 ms doubling to 10 s,
    /// up to half of each left to chance.
    pub fn times(retries: u32) -> Self {
        Self {
            retries,
            backoff: WAITS,
            again: Box::new(|_, failure| {
                matches!(failure.kind, ErrorKind::Handler | ErrorKind::TimedOut)
            }),
        }
    }

    /// Waits like this between two runs. Where a failure itself says how long to wait, the
    /// longer of the two holds.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Runs again only after the failures for which `again` answers true; [`Call::error`]
    /// has the details.
    #[must_use]
    pub fn only(
        mut self,
        again: impl Fn(Call<'_>, Failure) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.again = Box::new(again);
        self
    }
}

impl Middleware for Retry {
    async fn handle(&self, call: Call<'_>, mut next: Next<'_>) -> Verdict {
        for failures in 1..=self.retries {
            let Some(once) = next.again() else {
                break;
            };
            let verdict = once.run().await;
            let wait = match call.failure() {
                Some(failure) if (self.again)(call, failure) => {
                    let wait = self.backoff.delay(failures, seed(call));
                    wait.max(failure.retry_after.unwrap_or_default())
                }
                _ => return verdict,
            };
            tokio::time::sleep(wait).await;
        }
        next.run().await
    }
}

/// Dispatches that failed together do not come back together.
fn seed(call: Call<'_>) -> u64 {
    call.context().id().as_u128() as u64
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("retries", &self.retries)
            .field("backoff", &self.backoff)
            .finish_non_exhaustive()
    }
}
