//! Storing and settling jobs inside a transaction of the caller's.

use std::sync::Arc;

use rusqlite::{Connection, Transaction};

use super::desk::Desk;
use super::driver::SqliteDriver;
use super::fault::Fault;
use super::{connection, jobs, settle};
use crate::clock::Timestamp;
use crate::driver::{DriverError, Pushed, Settled, Settlement};
use crate::id::{QueueName, WorkerId};
use crate::job::NewJob;

impl SqliteDriver {
    /// A connection of your own to the same file, set up as the driver's: for transactions that
    /// hold your data and [`push_in`](Self::push_in) or [`settle_in`](Self::settle_in).
    ///
    /// Begin them `IMMEDIATE` and keep them short: while one is open, nothing else is written to
    /// the file.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn connection(&self) -> Result<Connection, DriverError> {
        connection::open(&self.path, self.synchronous).map_err(|fault| fault.of("connection"))
    }

    /// Stores jobs in your transaction: they are there if and only if it commits. Afterwards call
    /// [`committed`](Self::committed), or they wait until somebody looks.
    ///
    /// # Errors
    /// As [`push`](crate::driver::Driver::push).
    pub fn push_in(
        &self,
        transaction: &Transaction<'_>,
        jobs: &[NewJob],
        now: Timestamp,
    ) -> Result<Vec<Pushed>, DriverError> {
        let store = || {
            jobs::check(jobs)?;
            jobs::push(&mut Desk::within(transaction), jobs, now)
        };
        store().map_err(|fault: Fault| fault.of("push_in"))
    }

    /// Settles a delivery in your transaction: the outcome holds if and only if it commits.
    ///
    /// # Errors
    /// As [`settle`](crate::driver::Driver::settle).
    pub fn settle_in(
        &self,
        transaction: &Transaction<'_>,
        worker: WorkerId,
        settlement: &Settlement,
        now: Timestamp,
    ) -> Result<Settled, DriverError> {
        self.settle_on(transaction, worker, settlement, now)
    }

    /// The same on a connection that is inside a transaction.
    pub(crate) fn settle_on(
        &self,
        connection: &Connection,
        worker: WorkerId,
        settlement: &Settlement,
        now: Timestamp,
    ) -> Result<Settled, DriverError> {
        let one: Arc<[Settlement]> = Arc::new([settlement.clone()]);
        let answers = settle::settle(&mut Desk::within(connection), worker, &one, now);
        let answers = answers.map_err(|fault| fault.of("settle_in"))?;
        Ok(answers.first().copied().unwrap_or(Settled::LeaseLost))
    }

    /// Your transaction that stored jobs in these queues is committed: wakes the workers.
    pub fn committed(&self, queues: &[QueueName]) {
        self.hubs.wakes.wake(queues);
    }
}
