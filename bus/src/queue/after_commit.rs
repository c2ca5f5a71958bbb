//! Jobs that are stored once the caller's transaction is committed.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use super::error::StoreError;
use super::headers::headers;
use super::pending::PendingJob;
use super::push::{prepare, refused};
use super::store::Store;
use crate::command::{Command, Context, Error};
use crate::id::JobId;
use crate::job::{Job, NewJob};

/// What keeps jobs until it commits: a transaction in [`AfterCommit`], and the
/// [`Tx`](crate::Tx) of a handler.
#[diagnostic::on_unimplemented(
    message = "the bus does not see the commit of `{Self}` [BUS053]",
    label = "wrap the transaction first: `let tx = bus.after_commit(transaction)`"
)]
pub trait OnCommit {
    /// The context of a dispatch made in it.
    #[doc(hidden)]
    fn __context(&self) -> Context;

    /// Keeps a job until the commit.
    #[doc(hidden)]
    fn __keep(&self, job: NewJob);
}

/// A transaction that [`AfterCommit`] can commit and roll back. It is implemented for
/// `sqlx::Transaction` of any database (feature `postgres`) and `rusqlite::Transaction` (feature
/// `sqlite`); implement it for a wrapper of your own, or use
/// [`commit_with`](AfterCommit::commit_with).
#[expect(
    async_fn_in_trait,
    reason = "a transaction of SQLite stays on its thread"
)]
pub trait Commit: Sized {
    /// Why it could not.
    type Error;

    /// Makes it true.
    async fn commit(self) -> Result<(), Self::Error>;

    /// Undoes it.
    async fn roll_back(self) -> Result<(), Self::Error>;
}

/// Your transaction, with jobs that are stored once it is committed, and not at all if it is
/// rolled back or dropped. Made by [`Bus::after_commit`](crate::Bus::after_commit); used as the
/// transaction that is inside.
///
/// Use it where the data is in one database and the jobs are in another store: the jobs never
/// run before the data is there, and never for data that was rolled back. **The two are two
/// steps**: if the process dies, or the store fails, between the commit and the storing, the jobs
/// are lost; a failing store is told as [`CommitError::Jobs`], a dead process by nobody. Where
/// the data is in the database that is the store, [`dispatch_in`](crate::JobExt::dispatch_in) has
/// no such gap and is the one to use.
///
/// Each job is cleaned, checked and encoded when it is dispatched, so a refused one can still roll
/// the transaction back, and a delay counts from then.
///
/// ```
/// use bus::prelude::*;
///
/// #[job]
/// struct SendReceipt { order: u64 }
///
/// #[handler]
/// async fn send_receipt(_: SendReceipt) {}
///
/// /// Any transaction; one of sqlx or rusqlite needs no such lines.
/// struct Orders(Vec<u64>);
///
/// impl bus::Commit for Orders {
///     type Error = std::io::Error;
///     async fn commit(self) -> Result<(), std::io::Error> { Ok(()) }
///     async fn roll_back(self) -> Result<(), std::io::Error> { Ok(()) }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = Bus::connect("memory:").await?;
/// for commits in [false, true] {
///     let mut tx = bus.after_commit(Orders(Vec::new()));
///     tx.0.push(7); // it is the transaction
///     let id = SendReceipt { order: 7 }.dispatch_after_commit(&tx)?;
///     match commits {
///         true => tx.commit().await?,
///         false => tx.rollback().await?,
///     }
///     assert_eq!(bus.jobs().await?.get(id).await?.is_some(), commits);
/// }
/// # Ok(()) }
/// ```
#[must_use = "dropping it rolls the transaction back and forgets its jobs"]
pub struct AfterCommit<T> {
    transaction: T,
    cx: Context,
    jobs: Mutex<Vec<NewJob>>,
}

/// Why [`AfterCommit::commit`] did not do all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError<E> {
    /// The commit failed: no job is stored. (If the connection broke meanwhile, the database may
    /// have committed all the same, and then the jobs are missing.)
    #[error("the transaction was not committed, and no job of it is stored")]
    Transaction(#[source] E),
    /// The transaction is committed; the store did not take the jobs.
    #[error(transparent)]
    Jobs(#[from] NotStored),
}

/// Jobs of a transaction that is committed, which the store did not take. Dropping it gives them
/// up.
#[derive(Debug, thiserror::Error)]
#[error("the transaction is committed, but {} of its jobs are not stored", jobs.len())]
pub struct NotStored {
    store: Store,
    jobs: Vec<NewJob>,
    #[source]
    reason: StoreError,
}

impl NotStored {
    /// Their ids.
    pub fn ids(&self) -> impl Iterator<Item = JobId> + '_ {
        self.jobs.iter().map(|job| job.id)
    }

    /// Tries to store them once more. What is stored already stays as it is.
    ///
    /// # Errors
    /// The jobs again, if the store still fails.
    pub async fn store_again(self) -> Result<(), Self> {
        store(self.store, self.jobs).await
    }
}

/// Stores jobs with one write.
async fn store(store: Store, jobs: Vec<NewJob>) -> Result<(), NotStored> {
    let push = async {
        let driver = store.driver().await?;
        driver.push(jobs.clone(), store.now()).await?;
        Ok(())
    };
    match push.await {
        Ok(()) => Ok(()),
        Err(reason) => Err(NotStored {
            store,
            jobs,
            reason,
        }),
    }
}

impl<T> AfterCommit<T> {
    pub(crate) const fn new(transaction: T, cx: Context) -> Self {
        Self {
            transaction,
            cx,
            jobs: Mutex::new(Vec::new()),
        }
    }

    /// Commits by `commit`, then stores the jobs with one write: for transactions that are not
    /// [`Commit`].
    ///
    /// # Errors
    /// See [`CommitError`].
    pub async fn commit_with<E>(
        self,
        commit: impl AsyncFnOnce(T) -> Result<(), E>,
    ) -> Result<(), CommitError<E>> {
        let jobs = self.jobs.into_inner();
        let jobs = jobs.unwrap_or_else(PoisonError::into_inner);
        commit(self.transaction)
            .await
            .map_err(CommitError::Transaction)?;
        if jobs.is_empty() {
            return Ok(());
        }
        let own = self.cx.state::<Store>().cloned();
        Ok(store(own.expect("it took the jobs"), jobs).await?)
    }

    /// The transaction alone; its jobs are forgotten.
    pub fn into_inner(self) -> T {
        self.transaction
    }
}

impl<T: Commit> AfterCommit<T> {
    /// Commits the transaction, then stores its jobs with one write.
    ///
    /// # Errors
    /// See [`CommitError`].
    pub async fn commit(self) -> Result<(), CommitError<T::Error>> {
        self.commit_with(T::commit).await
    }

    /// Rolls the transaction back; its jobs are forgotten.
    ///
    /// # Errors
    /// That of the transaction.
    pub async fn rollback(self) -> Result<(), T::Error> {
        self.transaction.roll_back().await
    }
}

impl<T> Deref for AfterCommit<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.transaction
    }
}

impl<T> DerefMut for AfterCommit<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.transaction
    }
}

impl<T> OnCommit for AfterCommit<T> {
    fn __context(&self) -> Context {
        self.cx.clone()
    }

    fn __keep(&self, job: NewJob) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.push(job);
    }
}

impl<T> fmt::Debug for AfterCommit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AfterCommit")
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}

/// Cleans, checks and encodes a job, and leaves it with the transaction.
pub(super) fn keep<J: Job, T: OnCommit>(
    pending: PendingJob<J>,
    transaction: &T,
) -> Result<JobId, Error<<J as Command>::Error>> {
    let cx = transaction.__context();
    let store = cx
        .state::<Store>()
        .ok_or_else(|| refused::<J>(StoreError::NoBus))?;
    let travels = headers(&cx, store.principal());
    let new = prepare(pending, travels, &cx, store.now())?;
    let id = new.id;
    transaction.__keep(new);
    Ok(id)
}
