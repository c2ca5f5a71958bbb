//! A stored job in the hands of who dispatched it.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use super::error::WaitError;
use super::store::{passing, pauses};
use crate::codec::decode;
use crate::driver::{Driver, DriverError, EndNotice, Ended, Pushed};
use crate::id::JobId;
use crate::job::{Job, JobRecord, JobState};

/// What a dispatch of a job gives: its id, and a way to wait for its end.
///
/// Dropping it changes nothing. To wait in another process, send the [`id`](Self::id) and make a
/// ticket of it there with [`Bus::ticket`](crate::Bus::ticket).
pub struct Ticket<J> {
    id: JobId,
    pushed: Pushed,
    driver: Arc<dyn Driver>,
    job: PhantomData<fn() -> J>,
}

impl<J> Ticket<J> {
    pub(crate) fn new(id: JobId, pushed: Pushed, driver: Arc<dyn Driver>) -> Self {
        let id = match pushed {
            Pushed::Stored => id,
            Pushed::Duplicate(holder) | Pushed::Replaced(holder) => holder,
        };
        Self {
            id,
            pushed,
            driver,
            job: PhantomData,
        }
    }

    /// The id of the stored job: the one that was there already, if this one met its like.
    #[must_use]
    pub const fn id(&self) -> JobId {
        self.id
    }

    /// What the dispatch did: stored the job, found its like, or replaced its payload.
    #[must_use]
    pub const fn pushed(&self) -> Pushed {
        self.pushed
    }

    /// What the store knows of the job now; `None`: it ended and was not kept.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn status(&self) -> Result<Option<JobRecord>, DriverError> {
        self.driver.get(self.id).await
    }
}

impl<J: Job> Ticket<J> {
    /// Waits until the job ended, and gives its output. Retries are waited for; a store that fails
    /// for now is asked again. To wait for a limited time, use `tokio::time::timeout`.
    ///
    /// A job without output (`output = ()`) is not kept once it is completed: that it is gone is
    /// read as that.
    ///
    /// # Errors
    /// [`WaitError`]: the job is dead, cancelled, or gone with its output.
    pub async fn wait(&self) -> Result<J::Output, WaitError> {
        // Watch first, look second: so no end is missed.
        let mut watch = self.driver.watch(self.id);
        let mut pause = pauses(match self.driver.capabilities().end_notice {
            EndNotice::Remote => Duration::from_secs(5),
            _ => Duration::from_secs(1),
        });
        loop {
            match self.driver.get(self.id).await {
                Ok(Some(job)) => {
                    if let Some(ended) = Ended::of_record(&job) {
                        return self.read(ended);
                    }
                }
                Ok(None) => return self.gone(&mut watch).await,
                Err(error) if passing(&error) => {}
                Err(error) => return Err(error.into()),
            }
            tokio::select! {
                Some(ended) = watch.next() => return self.read(ended),
                () = tokio::time::sleep(pause()) => {}
                else => {}
            }
        }
    }

    /// The row is gone: its end was told, or it is not known.
    async fn gone(&self, watch: &mut crate::driver::EndWatch) -> Result<J::Output, WaitError> {
        if let Ok(Some(ended)) = tokio::time::timeout(Duration::ZERO, watch.next()).await {
            return self.read(ended);
        }
        let id = self.id;
        decode(b"null")
            .ok()
            .filter(|_| no_output::<J>())
            .ok_or(WaitError::Gone { id })
    }

    fn read(&self, ended: Ended) -> Result<J::Output, WaitError> {
        let id = self.id;
        let reason = ended.reason.unwrap_or_default();
        match (ended.state, ended.output) {
            (JobState::Completed, Some(output)) => {
                decode(&output).map_err(|source| WaitError::Output { id, source })
            }
            (JobState::Completed, None) => decode(b"null")
                .ok()
                .filter(|_| no_output::<J>())
                .ok_or(WaitError::NoOutput { id }),
            (JobState::Cancelled, _) => Err(WaitError::Cancelled { id, reason }),
            _ => Err(WaitError::Dead {
                id,
                reason,
                failure: ended.failure.map(Box::new),
            }),
        }
    }
}

fn no_output<J: Job>() -> bool {
    TypeId::of::<J::Output>() == TypeId::of::<()>()
}

impl<J> Clone for Ticket<J> {
    fn clone(&self) -> Self {
        Self {
            id: self.id,
            pushed: self.pushed,
            driver: Arc::clone(&self.driver),
            job: PhantomData,
        }
    }
}

impl<J> fmt::Debug for Ticket<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("id", &self.id)
            .field("pushed", &self.pushed)
            .finish_non_exhaustive()
    }
}
