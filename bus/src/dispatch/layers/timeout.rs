//! `Timeout`: waits so long and no longer.
use super::super::call::{Call, Verdict};
use super::super::middleware::Middleware;
use super::super::next::Next;
use super::super::policy::within;
use crate::command::Error;
use std::time::Duration;

/// Answers `Error::TimedOut` when the rest of the way takes longer; what was begun is
/// dropped then.
///
/// For one command declare `timeout = "5s"` instead. A dispatch that is answered without
/// waiting never arms a timer.
///
/// ```standalone_crate
/// use bus::{Error, layers::Timeout, prelude::*};
/// use std::time::Duration;
///
/// #[command]
/// struct Endless;
///
/// #[handler]
/// async fn endless(_: Endless) {
///     std::future::pending().await
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limit = Duration::from_millis(5);
/// let bus = Bus::builder().middleware(Timeout::new(limit)).build().await?;
/// let error = bus.dispatch(Endless).await.unwrap_err();
/// assert!(matches!(error, Error::TimedOut { after, .. } if after == limit));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Timeout {
    limit: Duration,
}

impl Timeout {
    /// Waits for at most `limit`. One that is too long for the clock is none.
    pub const fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

impl Middleware for Timeout {
    async fn handle(&self, call: Call<'_>, next: Next<'_>) -> Verdict {
        let verdict = within(self.limit, next.run()).await;
        verdict.unwrap_or_else(|| {
            call.reject(Error::TimedOut {
                command: call.descriptor(),
                after: self.limit,
            })
        })
    }
}
