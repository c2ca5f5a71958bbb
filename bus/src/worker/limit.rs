//! What ends an execution before its time: its limit, or a person.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::dispatch::policy::too_late;
use crate::job::{FailureKind, Fate};
use crate::registry::{Broken, Ran, Run};

/// When the time of an execution is over; it begins when this is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    length: Duration,
    at: Instant,
}

impl Limit {
    pub(super) fn new(length: Duration) -> Self {
        Self {
            length,
            at: clock::instant() + length,
        }
    }
}

async fn over(limit: Option<Limit>) -> Ran {
    let Some(limit) = limit else {
        return std::future::pending().await;
    };
    tokio::time::sleep_until(limit.at).await;
    Ran::Failed(Broken::new(
        FailureKind::Timeout,
        format!("no answer within {:?}", limit.length),
        Fate::Retry,
    ))
}

/// Waits for an execution until the limit or the token ends it.
pub(super) async fn within(mut run: Run, token: &CancellationToken, limit: Option<Limit>) -> Ran {
    let cut = tokio::select! {
        biased;
        ran = &mut run => return ran,
        () = token.cancelled() => Ran::Stopped,
        timed_out = over(limit) => timed_out,
    };
    // Whoever waits for `cx.cancelled()` gets one step to clean up before the future is dropped.
    token.cancel();
    let last = poll_fn(|task| Poll::Ready(ending(&cut, || Pin::new(&mut run).poll(task)))).await;
    ending(&cut, || drop(run));
    match last {
        Poll::Ready(ran) if matches!(cut, Ran::Stopped) => ran,
        _ => cut,
    }
}

/// Ends an execution: a circuit breaker inside counts what the limit ends as a failure, and what a
/// person ends not.
fn ending<T>(cut: &Ran, end: impl FnOnce() -> T) -> T {
    match cut {
        Ran::Stopped => end(),
        _ => too_late(end),
    }
}
