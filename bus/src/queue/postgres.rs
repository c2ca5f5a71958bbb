//! Jobs and the user's own data in one transaction of PostgreSQL.

use std::any::Any;
use std::sync::Arc;

use sqlx::{Database, PgConnection, PgPool, Postgres, Transaction};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use super::after_commit::Commit;
use super::outbox::Outbox;
use super::store::Store;
use super::transaction::{Slot, Transactional, Tx};
use crate::clock::Timestamp;
use crate::command::{Context, Need, Rejection};
use crate::driver::{Driver, DriverError, DriverFuture, Pushed, Settled, Settlement};
use crate::drivers::PostgresDriver;
use crate::id::{QueueName, WorkerId};
use crate::job::NewJob;

/// The transaction of one job, on the pool that the program gave to the bus.
#[derive(Debug)]
pub struct PostgresSlot {
    pool: PgPool,
    driver: Arc<dyn Driver>,
    open: Mutex<Option<Transaction<'static, Postgres>>>,
}

impl Transactional for Postgres {
    type Slot = PostgresSlot;

    fn slot(cx: &Context) -> Result<PostgresSlot, Rejection> {
        let pool = cx
            .state::<PgPool>()
            .ok_or(Rejection::Missing("sqlx::PgPool"))?;
        let driver = cx.state::<Store>().and_then(Store::opened);
        let driver = driver.filter(|driver| postgres(&***driver).is_some());
        let driver = driver.ok_or_else(|| {
            Rejection::new("a transaction of PostgreSQL needs a store of PostgreSQL")
        })?;
        Ok(PostgresSlot {
            pool: pool.clone(),
            driver: Arc::clone(driver),
            open: Mutex::new(None),
        })
    }

    fn need() -> Need {
        Need::state::<PgPool>()
    }
}

/// The driver, if it is that of PostgreSQL.
fn postgres(driver: &dyn Driver) -> Option<&PostgresDriver> {
    (driver as &dyn Any).downcast_ref()
}

impl Tx<Postgres> {
    /// The connection, inside the transaction, which begins with the first call. Its pool is the
    /// `sqlx::PgPool` that was given to the bus; it leads to the database that holds the jobs.
    ///
    /// # Errors
    /// When the pool has no connection to give.
    pub async fn connection(&self) -> Result<MappedMutexGuard<'_, PgConnection>, sqlx::Error> {
        let slot = &*self.slot;
        let mut open = slot.open.lock().await;
        if open.is_none() {
            *open = Some(slot.pool.begin().await?);
        }
        Ok(MutexGuard::map(open, |open| {
            &mut **open.as_mut().expect("begun above")
        }))
    }
}

impl Slot for PostgresSlot {
    fn begun(&self) -> bool {
        // Held by a connection that outlived its handler: it was used.
        self.open.try_lock().map_or(true, |open| open.is_some())
    }

    fn commit<'a>(
        &'a self,
        worker: WorkerId,
        settlement: &'a Settlement,
        now: Timestamp,
    ) -> DriverFuture<'a, Settled> {
        Box::pin(async move {
            let failed = |error: sqlx::Error| DriverError::transient("postgres", "commit", error);
            let driver = postgres(&*self.driver).expect("checked when it was made");
            let Some(mut open) = self.open.lock().await.take() else {
                let settled = driver.settle(worker, std::slice::from_ref(settlement), now);
                let settled = settled.await?;
                return Ok(settled.first().copied().unwrap_or(Settled::LeaseLost));
            };
            let settled = driver.settle_in(&mut open, worker, settlement, now).await?;
            if settled != Settled::Applied {
                open.rollback().await.map_err(failed)?;
                return Ok(settled);
            }
            open.commit().await.map_err(failed)?;
            let queues: Vec<QueueName> = settlement
                .follow
                .iter()
                .map(|job| job.queue.clone())
                .collect();
            driver.committed(&queues);
            Ok(settled)
        })
    }

    fn roll_back(&self) -> DriverFuture<'_, ()> {
        Box::pin(async move {
            match self.open.lock().await.take() {
                Some(open) => open
                    .rollback()
                    .await
                    .map_err(|error| DriverError::transient("postgres", "rollback", error)),
                None => Ok(()),
            }
        })
    }
}

impl Outbox for Transaction<'_, Postgres> {
    async fn push(
        &mut self,
        driver: &dyn Driver,
        jobs: Vec<NewJob>,
        now: Timestamp,
    ) -> Result<Vec<Pushed>, DriverError> {
        match postgres(driver) {
            Some(driver) => driver.push_in(self, jobs, now).await,
            None => Err(DriverError::unsupported(driver.name(), "push_in")),
        }
    }

    fn committed(driver: &dyn Driver, queues: &[QueueName]) {
        if let Some(driver) = postgres(driver) {
            driver.committed(queues);
        }
    }
}

impl<D: Database> Commit for Transaction<'_, D> {
    type Error = sqlx::Error;

    async fn commit(self) -> Result<(), sqlx::Error> {
        Self::commit(self).await
    }

    async fn roll_back(self) -> Result<(), sqlx::Error> {
        self.rollback().await
    }
}
