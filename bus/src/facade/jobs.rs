//! Dispatching jobs by the bus: delegation to the queue.
use super::bus::Bus;
use crate::command::{Answer, Command, Context, Error};
use crate::dispatch::next_context;
use crate::driver::Pushed;
use crate::id::JobId;
use crate::job::Job;
use crate::queue::{AfterCommit, PendingJob, Store, StoreError, Ticket, push_all, run_now};
use std::sync::Arc;

/// What a dispatch of many jobs answers.
type Tickets<J> = Result<Vec<Ticket<J>>, Error<<J as Command>::Error>>;

impl Bus {
    /// Stores many jobs with one write: thousands cost little more than one.
    ///
    /// Each is checked as a single dispatch does. If one breaks its rules, none is stored.
    ///
    /// # Errors
    /// See [`Error`]: that of the first job that may not be stored.
    pub async fn dispatch_all<J: Job>(
        &self,
        jobs: impl IntoIterator<Item = impl Into<PendingJob<J>>>,
    ) -> Tickets<J> {
        push_all(jobs.into_iter().map(Into::into), self.next_context()).await
    }

    /// Runs a job here and now, behind its policies and middleware, without the store. It runs
    /// once: retries are the store's.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn dispatch_now<J: Job>(&self, job: J) -> Answer<J> {
        run_now(job, self.next_context()).await
    }

    /// Wraps a transaction of yours, so that jobs can be dispatched in it which are stored once it
    /// is committed: see [`AfterCommit`], also for what a crash may lose.
    pub fn after_commit<T>(&self, transaction: T) -> AfterCommit<T> {
        AfterCommit::new(transaction, self.next_context())
    }

    /// A ticket for a job that was dispatched before, or elsewhere.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub async fn ticket<J: Job>(&self, id: JobId) -> Result<Ticket<J>, StoreError> {
        let store = self.state::<Store>().ok_or(StoreError::NoBus)?;
        let driver = store.driver().await?;
        Ok(Ticket::new(id, Pushed::Stored, Arc::clone(driver)))
    }
}

impl Context {
    /// Stores many jobs in this very context: see [`Bus::dispatch_all`].
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn dispatch_all<J: Job>(
        &self,
        jobs: impl IntoIterator<Item = impl Into<PendingJob<J>>>,
    ) -> Tickets<J> {
        push_all(jobs.into_iter().map(Into::into), self.clone()).await
    }

    /// Runs a job here and now in this very context: see [`Bus::dispatch_now`].
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn dispatch_now<J: Job>(&self, job: J) -> Answer<J> {
        run_now(job, self.clone()).await
    }

    /// Wraps a transaction in this very context: see [`Bus::after_commit`].
    pub fn after_commit<T>(&self, transaction: T) -> AfterCommit<T> {
        AfterCommit::new(transaction, self.clone())
    }
}

/// Stores many jobs with one write on the current bus: see [`Bus::dispatch_all`].
///
/// # Errors
/// See [`Error`].
pub async fn dispatch_all<J: Job>(
    jobs: impl IntoIterator<Item = impl Into<PendingJob<J>>>,
) -> Tickets<J> {
    push_all(jobs.into_iter().map(Into::into), next_context()).await
}

/// Runs a job here and now on the current bus: see [`Bus::dispatch_now`].
///
/// # Errors
/// See [`Error`].
pub async fn dispatch_now<J: Job>(job: J) -> Answer<J> {
    run_now(job, next_context()).await
}

/// Wraps a transaction, for jobs on the current bus: see [`Bus::after_commit`].
pub fn after_commit<T>(transaction: T) -> AfterCommit<T> {
    AfterCommit::new(transaction, next_context())
}
