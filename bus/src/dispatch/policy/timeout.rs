//! `timeout = "5s"` and the deadline of a context.
use crate::clock;
use crate::command::{Answer, Command, Descriptor, Error};
use std::cell::Cell;
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

thread_local! {
    /// Whether this thread is ending what took too long.
    static ENDING: Cell<bool> = const { Cell::new(false) };
}

/// Whether what ends here and now ends because it took too long, not because nobody wants it any
/// more: a circuit breaker inside counts that as a failure.
pub(super) fn is_too_late() -> bool {
    ENDING.get()
}

/// Does what ends work that took too long: drops it, or lets it take one last step.
pub(crate) fn too_late<T>(end: impl FnOnce() -> T) -> T {
    let _ending = Ending {
        around: ENDING.replace(true),
    };
    end()
}

/// While this exists, what ends took too long; a panic of it must not leave that behind.
struct Ending {
    around: bool,
}

impl Drop for Ending {
    fn drop(&mut self) {
        ENDING.set(self.around);
    }
}

async fn until<T>(deadline: Instant, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(Some(work));
    let mut timer = pin!(None::<Sleep>);
    let answer = poll_fn(|task| {
        let work = work.as_mut().as_pin_mut().expect("dropped below only");
        // An answer that is there counts, even at the deadline.
        if let Poll::Ready(answer) = work.poll(task) {
            return Poll::Ready(Some(answer));
        }
        if timer.is_none() {
            // Armed only now: most work has answered by itself.
            timer.set(Some(sleep_until(deadline)));
        }
        let timer = timer.as_mut().as_pin_mut().expect("armed above");
        timer.poll(task).map(|()| None)
    })
    .await;
    if answer.is_none() {
        too_late(|| work.set(None));
    }
    answer
}
