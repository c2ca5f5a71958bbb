//! `Tx<D>`: a transaction that becomes true together with the job's completion.

use std::fmt;
use std::sync::Arc;

use super::after_commit::OnCommit;
use super::info::Execution;
use crate::clock::Timestamp;
use crate::command::{Context, FromContext, Need, Rejection};
use crate::driver::{DriverFuture, Settled, Settlement};
use crate::id::WorkerId;
use crate::job::NewJob;

/// A database whose transactions can hold a job's completion: that of the store.
///
/// Implemented for `sqlx::Postgres` (feature `postgres`) and [`Sqlite`](crate::Sqlite) (feature
/// `sqlite`).
pub trait Transactional: Sized + 'static {
    /// A transaction that begins when it is first used.
    #[doc(hidden)]
    type Slot: Slot;

    /// One for a job that runs in `cx`.
    #[doc(hidden)]
    fn slot(cx: &Context) -> Result<Self::Slot, Rejection>;

    /// What must be given to the bus.
    #[doc(hidden)]
    fn need() -> Need;
}

/// A transaction that begins when it is first used.
#[doc(hidden)]
pub trait Slot: fmt::Debug + Send + Sync + 'static {
    /// Whether it was used.
    fn begun(&self) -> bool;

    /// Settles the job inside the transaction and commits both; or, if the job is no longer ours,
    /// neither.
    fn commit<'a>(
        &'a self,
        worker: WorkerId,
        settlement: &'a Settlement,
        now: Timestamp,
    ) -> DriverFuture<'a, Settled>;

    /// Undoes what was done in it.
    fn roll_back(&self) -> DriverFuture<'_, ()>;
}

/// A transaction in the database that holds the jobs, for a handler to work in. If the handler
/// succeeds, its work and the job's completion are committed together: a crash leaves both or
/// neither, so the work is done exactly once. If it fails, all is rolled back.
///
/// It begins when [`connection`](Self::connection) is first called. Only what goes through it is
/// part of it. Absent where nothing is stored (`dispatch_now`).
///
/// Jobs that follow from the work are dispatched by
/// [`dispatch_after_commit(&tx)`](crate::JobExt::dispatch_after_commit): the same commit stores
/// them.
pub struct Tx<D: Transactional> {
    pub(super) slot: Arc<D::Slot>,
    cx: Context,
}

impl<D: Transactional> FromContext<'_> for Tx<D> {
    fn from_context(cx: &Context) -> Result<Self, Rejection> {
        let Some(execution) = cx.origin::<Execution>() else {
            return Err(Rejection::new(
                "a transaction with its completion needs a stored job",
            ));
        };
        let slot = Arc::new(D::slot(cx)?);
        match execution.hold(Arc::clone(&slot) as Arc<dyn Slot>) {
            true => Ok(Self {
                slot,
                cx: cx.clone(),
            }),
            false => Err(Rejection::new("a handler takes one `Tx`")),
        }
    }

    fn need() -> Need {
        D::need()
    }
}

impl<D: Transactional> OnCommit for Tx<D> {
    fn __context(&self) -> Context {
        self.cx.child()
    }

    fn __keep(&self, job: NewJob) {
        let execution = self.cx.origin::<Execution>();
        execution.expect("checked when it was made").keep(job);
    }
}

impl<D: Transactional> fmt::Debug for Tx<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tx").field(&self.slot).finish()
    }
}
