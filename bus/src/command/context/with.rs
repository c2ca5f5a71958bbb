//! Contexts made of others: the same, but for one thing.
use super::super::id::MessageId;
use super::{Carried, Context};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

impl Context {
    /// The same, asked by `principal`.
    #[must_use]
    pub fn with_principal<T: Send + Sync + 'static>(self, principal: T) -> Self {
        self.with_principal_arc(Arc::new(principal))
    }

    /// The same, asked by a principal that is shared already.
    #[must_use]
    pub fn with_principal_arc<T: Send + Sync + 'static>(mut self, principal: Arc<T>) -> Self {
        self.carry().principal = Some(principal);
        self
    }

    /// The same, to be answered before `deadline`, or before the one it has if that is sooner.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        let carried = self.carry();
        carried.deadline = Some(
            carried
                .deadline
                .map_or(deadline, |sooner| sooner.min(deadline)),
        );
        self
    }

    /// The same, to be answered within `limit` from now, or before the deadline that it has if
    /// that is sooner. A limit that is too long for the clock is none.
    ///
    /// ```
    /// use bus::prelude::*;
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
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let soon = Context::new().with_timeout(Duration::from_millis(5));
    /// let late = soon.dispatch(Endless).await;
    /// assert!(matches!(late, Err(bus::Error::TimedOut { .. })));
    /// # }
    /// ```
    #[must_use]
    pub fn with_timeout(self, limit: Duration) -> Self {
        match crate::clock::instant().checked_add(limit) {
            Some(deadline) => self.with_deadline(deadline),
            None => self,
        }
    }

    /// The same, cancelled when `token` is.
    #[must_use]
    pub fn with_cancellation(mut self, token: CancellationToken) -> Self {
        self.carry().cancellation = Some(token);
        self
    }

    /// The same with one more extension; one of the same type is replaced.
    #[must_use]
    pub fn with_extension<T: Send + Sync + 'static>(mut self, extension: T) -> Self {
        self.carry().extensions.insert(extension);
        self
    }

    /// The same under another correlation id, such as one that came with a request.
    #[must_use]
    pub fn with_correlation_id(mut self, correlation: MessageId) -> Self {
        self.change().correlation = correlation;
        self
    }

    /// The same, caused by another dispatch, such as one of another process.
    #[must_use]
    pub fn with_causation_id(mut self, causation: MessageId) -> Self {
        self.change().causation = causation;
        self
    }

    /// What is carried, for a change: other contexts keep theirs.
    fn carry(&mut self) -> &mut Carried {
        Arc::make_mut(self.change().carried.get_or_insert_default())
    }
}
