//! `retries = 3, backoff = "…"`: runs the handler again after it failed.
use crate::backoff::Backoff;
use crate::command::{Answer, Command, Error, MessageId};
use std::future::Future;

/// A command that `retries` can run again.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` declares `retries`, but it is not `Clone`, so it can't be run again [BUS032]",
    label = "`retries` needs `Clone`",
    note = "add `#[derive(Clone)]` to `{Self}`, or drop `retries`"
)]
pub trait Again: Command {
    fn again(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<C: Command + Clone> Again for C {
    #[inline]
    fn again(&self) -> Self {
        self.clone()
    }
}

/// Runs `work` until it succeeds, at most `retries` times more. Only what the handler
/// itself failed with, or a time-out, is worth another run.
///
/// # Errors
/// That of the last run.
pub async fn retry<C, F>(
    retries: u32,
    backoff: &Backoff,
    command: C,
    again: fn(&C) -> C,
    work: impl Fn(C) -> F,
) -> Answer<C>
where
    C: Command,
    F: Future<Output = Answer<C>>,
{
    for attempt in 1..=retries {
        match work(again(&command)).await {
            Err(Error::Handler(_) | Error::TimedOut { .. }) => {
                let seed = MessageId::new().as_u128() as u64;
                tokio::time::sleep(backoff.delay(attempt, seed)).await;
            }
            answer => return answer,
        }
    }
    work(command).await
}
