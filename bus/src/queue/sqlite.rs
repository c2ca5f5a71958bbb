//! Jobs and the user's own data in one transaction of SQLite.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction};

use super::after_commit::Commit;
use super::outbox::Outbox;
use super::store::Store;
use super::transaction::{Slot, Transactional, Tx};
use crate::clock::Timestamp;
use crate::command::{Context, Need, Rejection};
use crate::driver::{Driver, DriverError, DriverFuture, Pushed, Settled, Settlement};
use crate::drivers::SqliteDriver;
use crate::id::{QueueName, WorkerId};
use crate::job::NewJob;

/// Names the store's own file in `Tx<Sqlite>`.
#[derive(Debug)]
pub enum Sqlite {}

/// The transaction of one job, on a connection of its own to the store's file.
pub struct SqliteSlot {
    driver: Arc<dyn Driver>,
    open: Arc<Mutex<Option<Connection>>>,
}

impl fmt::Debug for SqliteSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteSlot").finish_non_exhaustive()
    }
}

impl Transactional for Sqlite {
    type Slot = SqliteSlot;

    fn slot(cx: &Context) -> Result<SqliteSlot, Rejection> {
        let driver = cx.state::<Store>().and_then(Store::opened);
        let driver = driver.filter(|driver| sqlite(&***driver).is_some());
        let driver = driver
            .ok_or_else(|| Rejection::new("a transaction of SQLite needs a store of SQLite"))?;
        Ok(SqliteSlot {
            driver: Arc::clone(driver),
            open: Arc::default(),
        })
    }

    fn need() -> Need {
        Need::state::<Store>()
    }
}

/// The driver, if it is that of SQLite.
fn sqlite(driver: &dyn Driver) -> Option<&SqliteDriver> {
    (driver as &dyn Any).downcast_ref()
}

/// The connection of a `Tx<Sqlite>`, inside its transaction: use it, but neither commit nor roll
/// back by it.
pub struct SqliteConnection<'a>(MutexGuard<'a, Option<Connection>>);

impl Deref for SqliteConnection<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0.as_ref().expect("begun when it was lent")
    }
}

impl fmt::Debug for SqliteConnection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteConnection")
    }
}

impl Tx<Sqlite> {
    /// The connection, inside the transaction, which begins with the first call. While it is open
    /// nothing else is written to the file, so keep it short. It blocks: for handlers that are
    /// plain functions.
    ///
    /// # Errors
    /// When the file cannot be opened, or is locked for too long.
    pub fn connection(&self) -> Result<SqliteConnection<'_>, DriverError> {
        let slot = &*self.slot;
        let mut open = slot.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.is_none() {
            let driver = sqlite(&*slot.driver).expect("checked when it was made");
            let connection = driver.connection()?;
            connection
                .execute_batch("BEGIN IMMEDIATE")
                .map_err(|error| DriverError::transient("sqlite", "begin", error))?;
            *open = Some(connection);
        }
        Ok(SqliteConnection(open))
    }
}

impl SqliteSlot {
    /// Does something with the open transaction, where it may block, and ends it.
    fn end<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&SqliteDriver, Option<&Connection>) -> Result<T, DriverError> + Send + 'static,
    ) -> DriverFuture<'_, T> {
        let (driver, open) = (Arc::clone(&self.driver), Arc::clone(&self.open));
        let thread = tokio::task::spawn_blocking(move || {
            let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
            let driver = sqlite(&*driver).expect("checked when it was made");
            let done = work(driver, open.as_ref());
            // A connection that is closed rolls back what it did not commit.
            *open = None;
            done
        });
        Box::pin(async move {
            let done = thread.await;
            done.map_err(|error| DriverError::transient("sqlite", operation, error))?
        })
    }
}

impl Slot for SqliteSlot {
    fn begun(&self) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.is_some()
    }

    fn commit<'a>(
        &'a self,
        worker: WorkerId,
        settlement: &'a Settlement,
        now: Timestamp,
    ) -> DriverFuture<'a, Settled> {
        if !self.begun() {
            let settled = self
                .driver
                .settle(worker, std::slice::from_ref(settlement), now);
            return Box::pin(async move {
                let settled = settled.await?;
                Ok(settled.first().copied().unwrap_or(Settled::LeaseLost))
            });
        }
        let settlement = settlement.clone();
        self.end("commit", move |driver, open| {
            let open = open.expect("only its end takes the connection");
            let settled = driver.settle_on(open, worker, &settlement, now)?;
            if settled == Settled::Applied {
                open.execute_batch("COMMIT")
                    .map_err(|error| DriverError::transient("sqlite", "commit", error))?;
                let queues: Vec<QueueName> = settlement
                    .follow
                    .iter()
                    .map(|job| job.queue.clone())
                    .collect();
                driver.committed(&queues);
            }
            Ok(settled)
        })
    }

    fn roll_back(&self) -> DriverFuture<'_, ()> {
        self.end("rollback", |_, _| Ok(()))
    }
}

impl Outbox for Transaction<'_> {
    async fn push(
        &mut self,
        driver: &dyn Driver,
        jobs: Vec<NewJob>,
        now: Timestamp,
    ) -> Result<Vec<Pushed>, DriverError> {
        match sqlite(driver) {
            Some(driver) => driver.push_in(self, &jobs, now),
            None => Err(DriverError::unsupported(driver.name(), "push_in")),
        }
    }

    fn committed(driver: &dyn Driver, queues: &[QueueName]) {
        if let Some(driver) = sqlite(driver) {
            driver.committed(queues);
        }
    }
}

impl Commit for Transaction<'_> {
    type Error = rusqlite::Error;

    async fn commit(self) -> Result<(), rusqlite::Error> {
        Self::commit(self)
    }

    async fn roll_back(self) -> Result<(), rusqlite::Error> {
        self.rollback()
    }
}
