//! One job with what its dispatch says beyond its declaration.

use std::time::Duration;

use super::after_commit::{self, OnCommit};
use super::error::StoreError;
use super::outbox::{self, Outbox, Promised};
use super::push::Stored;
use super::ticket::Ticket;
use crate::clock::Timestamp;
use crate::command::{Command, Error};
use crate::dispatch::{Dispatch, next_context};
use crate::id::{JobId, QueueName};
use crate::job::{Job, JobError, JobOptions, NewJob, Priority};

/// A job that is about to be dispatched. What is not said here is as declared.
///
/// Made by the methods of [`JobExt`] on any job. Nothing is stored until it is dispatched.
#[derive(Debug, Clone)]
#[must_use = "a pending job is stored only when it is dispatched"]
pub struct PendingJob<J> {
    pub(super) job: J,
    changes: Changes,
}

#[derive(Debug, Clone, Default)]
struct Changes {
    id: Option<JobId>,
    due: Option<Due>,
    queue: Option<Result<QueueName, crate::id::NameError>>,
    priority: Option<i16>,
    retries: Option<u16>,
    timeout: Option<Duration>,
    retain: Option<Duration>,
    tags: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
enum Due {
    After(Duration),
    At(Timestamp),
}

/// What a dispatch may say beyond the job's declaration. On every [`Job`], and again on the
/// [`PendingJob`] that each method gives.
///
/// ```
/// use bus::prelude::*;
///
/// #[job]
/// struct Mail { to: String }
///
/// #[handler]
/// async fn mail(_: Mail) {}
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = Bus::connect("memory:").await?;
/// let mail = Mail { to: "ann@example.org".into() };
/// bus.dispatch(mail.delay(5 * MINUTE).on_queue("slow").priority(9).tag("bulk")).await?;
/// # Ok(()) }
/// ```
pub trait JobExt: Sized {
    /// The job's type.
    type Job: Job;

    /// The builder.
    fn pending(self) -> PendingJob<Self::Job>;

    /// Due this long after the dispatch.
    fn delay(self, delay: Duration) -> PendingJob<Self::Job> {
        self.pending()
            .change(|all| all.due = Some(Due::After(delay)))
    }

    /// Due at this time; in the past: at once. Takes a `SystemTime` or a [`Timestamp`].
    fn at(self, time: impl Into<Timestamp>) -> PendingJob<Self::Job> {
        let time = time.into();
        self.pending().change(|all| all.due = Some(Due::At(time)))
    }

    /// In this queue. A name that breaks the rules of [`QueueName`] fails the dispatch.
    fn on_queue(self, queue: impl AsRef<str>) -> PendingJob<Self::Job> {
        let queue = QueueName::new(queue);
        self.pending().change(|all| all.queue = Some(queue))
    }

    /// With this urgency within its queue, -100 to 100, higher is sooner. One outside fails the
    /// dispatch.
    fn priority(self, priority: i16) -> PendingJob<Self::Job> {
        self.pending().change(|all| all.priority = Some(priority))
    }

    /// With one more word to find it by.
    fn tag(self, tag: impl Into<String>) -> PendingJob<Self::Job> {
        let tag = tag.into();
        self.pending().change(|all| all.tags.push(tag))
    }

    /// Under this id. A second dispatch with the same id stores nothing while the store still has
    /// the first: a dispatch whose answer was lost can be repeated.
    fn with_id(self, id: JobId) -> PendingJob<Self::Job> {
        self.pending().change(|all| all.id = Some(id))
    }

    /// With so many attempts after the first. Any for a job that is `at_most_once` fails the
    /// dispatch.
    fn retries(self, retries: u16) -> PendingJob<Self::Job> {
        self.pending().change(|all| all.retries = Some(retries))
    }

    /// With this limit of time for each execution.
    fn timeout(self, limit: Duration) -> PendingJob<Self::Job> {
        self.pending().change(|all| all.timeout = Some(limit))
    }

    /// Kept so long after it is completed, its output with it.
    fn retain(self, time: Duration) -> PendingJob<Self::Job> {
        self.pending().change(|all| all.retain = Some(time))
    }

    /// Stores it in your transaction, by the current bus: it exists if and only if the
    /// transaction commits. Call [`Promised::committed`] after that.
    ///
    /// # Errors
    /// See [`Error`]; one of the database leaves the transaction to be rolled back.
    #[expect(
        async_fn_in_trait,
        reason = "a transaction of SQLite stays on its thread"
    )]
    async fn dispatch_in<T: Outbox>(
        self,
        transaction: &mut T,
    ) -> Result<Promised<Self::Job>, Error<<Self::Job as Command>::Error>> {
        outbox::push_in(self.pending(), next_context(), transaction).await
    }

    /// Stores it once the transaction is committed, and not at all if it is rolled back; gives the
    /// id it will have. `transaction` is one of
    ///
    /// - an [`AfterCommit`](crate::AfterCommit), made of any transaction by
    ///   [`Bus::after_commit`](crate::Bus::after_commit): a hook of this process. **A crash
    ///   between the commit and the storing loses the job**: where the data and the jobs are in one
    ///   database, use [`dispatch_in`](Self::dispatch_in) instead;
    /// - the [`Tx`](crate::Tx) of a handler: the job is stored by the very commit that completes the
    ///   running one, so nothing is lost, and a failed attempt stores nothing.
    ///
    /// It is cleaned, checked and encoded at once.
    ///
    /// # Errors
    /// See [`Error`]: the job may not be stored. The transaction is as it was.
    fn dispatch_after_commit<T: OnCommit>(
        self,
        transaction: &T,
    ) -> Result<JobId, Error<<Self::Job as Command>::Error>> {
        after_commit::keep(self.pending(), transaction)
    }
}

impl<J: Job> JobExt for J {
    type Job = J;

    fn pending(self) -> PendingJob<J> {
        PendingJob {
            job: self,
            changes: Changes::default(),
        }
    }
}

impl<J: Job> JobExt for PendingJob<J> {
    type Job = J;

    fn pending(self) -> Self {
        self
    }
}

impl<J: Job> PendingJob<J> {
    fn change(mut self, change: impl FnOnce(&mut Changes)) -> Self {
        change(&mut self.changes);
        self
    }

    /// The stored form as declared, changed as said here.
    pub(super) fn apply(
        changes: Self,
        mut new: NewJob,
        now: Timestamp,
    ) -> Result<NewJob, StoreError> {
        let changes = changes.changes;
        if let Some(id) = changes.id {
            new.id = id;
        }
        match changes.due {
            Some(Due::After(delay)) => new.run_at = now + delay,
            Some(Due::At(time)) => new.run_at = time,
            None => {}
        }
        if let Some(queue) = changes.queue {
            new.queue = queue?;
        }
        if let Some(priority) = changes.priority {
            new.priority = Priority::new(priority)?;
        }
        if let Some(retries) = changes.retries {
            if retries > 0 && J::OPTIONS.at_most_once {
                return Err(JobError::AtMostOnce.into());
            }
            new.max_attempts = retries.saturating_add(1).min(JobOptions::MAX_ATTEMPTS);
        }
        if changes.timeout.is_some() {
            new.extras_mut().timeout = changes.timeout;
        }
        if changes.retain.is_some() {
            new.extras_mut().retain = changes.retain;
        }
        if !changes.tags.is_empty() {
            new.extras_mut().tags.extend(changes.tags);
        }
        Ok(new)
    }
}

impl<J: Job> From<J> for PendingJob<J> {
    fn from(job: J) -> Self {
        job.pending()
    }
}

#[diagnostic::do_not_recommend]
impl<J: Job> Dispatch for PendingJob<J> {
    type Receipt = Ticket<J>;
    type Failure = <J as Command>::Error;

    type __Way = Stored;
}
