//! Storing jobs inside the caller's own transaction.

use std::sync::Arc;

use super::error::StoreError;
use super::headers::headers;
use super::pending::PendingJob;
use super::push::{prepare, refused};
use super::store::Store;
use super::ticket::Ticket;
use crate::clock::Timestamp;
use crate::command::{Command, Context, Error};
use crate::driver::{Driver, DriverError, Pushed};
use crate::id::QueueName;
use crate::job::{Job, NewJob};

/// A transaction that jobs can be stored in: `sqlx::Transaction<Postgres>` (feature `postgres`),
/// `rusqlite::Transaction` (feature `sqlite`), in the database that is the store.
#[expect(
    async_fn_in_trait,
    reason = "a transaction of SQLite stays on its thread"
)]
pub trait Outbox {
    /// Stores them, but for the commit.
    #[doc(hidden)]
    async fn push(
        &mut self,
        driver: &dyn Driver,
        jobs: Vec<NewJob>,
        now: Timestamp,
    ) -> Result<Vec<Pushed>, DriverError>;

    /// The transaction is committed: wakes who waits for jobs.
    #[doc(hidden)]
    fn committed(driver: &dyn Driver, queues: &[QueueName]);
}

/// A job that is stored if and only if its transaction commits.
#[derive(Debug)]
#[must_use = "after the commit call `committed`, so that workers learn of the job at once"]
pub struct Promised<J> {
    ticket: Ticket<J>,
    queue: QueueName,
    wake: fn(&dyn Driver, &[QueueName]),
}

impl<J> Promised<J> {
    /// The transaction is committed: workers learn of the job at once. Without it they find the
    /// job when they next look.
    pub fn committed(self) -> Ticket<J> {
        let queues = std::slice::from_ref(&self.queue);
        (self.wake)(&**self.ticket.driver(), queues);
        self.ticket
    }
}

/// Stores one job in `transaction`.
pub(super) async fn push_in<J: Job, T: Outbox>(
    pending: PendingJob<J>,
    cx: Context,
    transaction: &mut T,
) -> Result<Promised<J>, Error<<J as Command>::Error>> {
    let store = cx
        .state::<Store>()
        .ok_or_else(|| refused::<J>(StoreError::NoBus))?;
    let driver = store.driver().await.map_err(refused::<J>)?;
    store.keep_time(&**driver).await;
    let now = store.now();
    let travels = headers(&cx, store.principal());
    let new = prepare(pending, travels, &cx, now)?;
    let (id, queue) = (new.id, new.queue.clone());
    let pushed = transaction.push(&**driver, vec![new], now).await;
    let pushed = pushed.map_err(|error| refused::<J>(error.into()))?;
    let pushed = pushed.first().copied().unwrap_or(Pushed::Stored);
    Ok(Promised {
        ticket: Ticket::new(id, pushed, Arc::clone(driver)),
        queue,
        wake: T::committed,
    })
}
