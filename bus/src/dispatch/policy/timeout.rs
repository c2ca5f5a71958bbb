//! `timeout = "5s"` and the deadline of a context.
use crate::clock;
use crate::command::{Answer, Command, Descriptor, Error};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// Waits for the answer for at most `limit`; the handler's future is dropped then.
///
/// A handler that answers without waiting never arms a timer.
///
/// # Errors
/// `Error::TimedOut`.
#[inline]
pub async fn timeout<C: Command>(
    limit: Duration,
    work: impl Future<Output = Answer<C>>,
) -> Answer<C> {
    within(limit, work).await.unwrap_or_else(|| {
        Err(Error::TimedOut {
            command: C::DESCRIPTOR,
            after: limit,
        })
    })
}

/// Waits for the answer until `deadline`; what comes too late is not begun.
///
/// # Errors
/// `Error::TimedOut`.
pub async fn before<T, E>(
    deadline: Instant,
    command: &'static Descriptor,
    work: impl Future<Output = Result<T, Error<E>>>,
) -> Result<T, Error<E>> {
    let begun = clock::instant();
    let answer = match begun < deadline {
        true => until(deadline, work).await,
        false => None,
    };
    answer.unwrap_or_else(|| {
        Err(Error::TimedOut {
            command,
            after: deadline.saturating_duration_since(begun),
        })
    })
}

/// Waits for at most `limit`.
#[inline]
pub(in super::super) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = T>,
) -> Option<T> {
    match clock::instant().checked_add(limit) {
        Some(deadline) => until(deadline, work).await,
        // Longer than time can tell.
        None => Some(work.await),
    }
}

async fn until<T>(deadline: Instant, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut timer = pin!(None::<Sleep>);
    poll_fn(|task| {
        // An answer that is there counts, even at the deadline.
        if let Poll::Ready(answer) = work.as_mut().poll(task) {
            return Poll::Ready(Some(answer));
        }
        if timer.is_none() {
            // Armed only now: most work has answered by itself.
            timer.set(Some(sleep_until(deadline)));
        }
        let timer = timer.as_mut().as_pin_mut().expect("armed above");
        timer.poll(task).map(|()| None)
    })
    .await
}
