//! `timeout = "5s"` and the deadline of a context.
use super::now::instant;
use crate::command::{Answer, Command, Descriptor, Error};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

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
    before(instant() + limit, C::DESCRIPTOR, work).await
}

/// Waits for the answer until `deadline`.
///
/// # Errors
/// `Error::TimedOut`.
pub async fn before<T, E>(
    deadline: Instant,
    command: &'static Descriptor,
    work: impl Future<Output = Result<T, Error<E>>>,
) -> Result<T, Error<E>> {
    let mut work = pin!(work);
    let begun = instant();
    // The first poll decides whether there is anything to wait for.
    let first = poll_fn(|task| Poll::Ready(work.as_mut().poll(task))).await;
    if let Poll::Ready(answer) = first {
        return answer;
    }
    let mut timer = pin!(sleep_until(deadline));
    poll_fn(|task| {
        if let Poll::Ready(answer) = work.as_mut().poll(task) {
            return Poll::Ready(answer);
        }
        timer.as_mut().poll(task).map(|()| {
            Err(Error::TimedOut {
                command,
                after: deadline.saturating_duration_since(begun),
            })
        })
    })
    .await
}
