//! The bus's methods about stored jobs and those who run them.

use std::sync::Arc;

use super::error::RunError;
use super::worker::WorkerBuilder;
use crate::admin::Jobs;
use crate::clock;
use crate::driver::Migrated;
use crate::facade::Bus;
use crate::queue::{Store, StoreError};
use crate::registry::with_sources;
use crate::telemetry::{Board, Health, Stats};

impl Bus {
    /// Runs jobs until ctrl-c or SIGTERM: a worker of all queues with its defaults, and the upkeep
    /// of the store.
    ///
    /// # Errors
    /// [`RunError`], if it cannot start.
    pub async fn run(&self) -> Result<(), RunError> {
        self.worker().run().await
    }

    /// Begins a worker, to say from which queues and how much at a time.
    ///
    /// ```no_run
    /// # use bus::prelude::*;
    /// # async fn work(bus: &Bus) -> Result<(), bus::RunError> {
    /// bus.worker().queues([("critical", 3), ("default", 1)]).concurrency(16).run().await
    /// # }
    /// ```
    pub fn worker(&self) -> WorkerBuilder {
        WorkerBuilder::new(self)
    }

    /// Looks at stored jobs, repairs and steers: list, get, retry, cancel, delete, pause, resume.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub async fn jobs(&self) -> Result<Jobs, StoreError> {
        let store = self.state::<Store>().ok_or(StoreError::NoBus)?;
        Ok(Jobs::new(Arc::clone(store.driver().await?), store.clone()))
    }

    /// Brings the store's schema up to date; the first use of the store does it too, unless the
    /// builder said [`manual_migration`](crate::Builder::manual_migration). Safe to repeat, and
    /// from many processes at once.
    ///
    /// # Errors
    /// When the store cannot be opened, or its schema is newer than this program.
    pub async fn migrate(&self) -> Result<Migrated, StoreError> {
        let store = self.state::<Store>().ok_or(StoreError::NoBus)?;
        Ok(store.driver().await?.migrate().await?)
    }

    /// Whether the store answers and the workers of this process hold their leases. Does not open
    /// a store that nobody has used yet.
    pub async fn health(&self) -> Health {
        let store = self.state::<Store>();
        let workers = self.state::<Board>().zip(store);
        let workers = workers.map(|(board, store)| board.workers(store.now()));
        let driver = store.and_then(Store::opened);
        let begun = clock::instant();
        let ping = match driver {
            None => Ok(()),
            Some(driver) => driver.ping().await.map(drop),
        };
        Health {
            store: driver.map(|driver| driver.name()),
            ping: ping
                .map(|()| clock::instant().saturating_duration_since(begun))
                .map_err(|error| with_sources(&error)),
            workers: workers.unwrap_or_default(),
        }
    }

    /// What the workers of this process did since it started.
    pub fn stats(&self) -> Stats {
        let board = self.state::<Board>();
        board.map(|board| board.counters.read()).unwrap_or_default()
    }
}
