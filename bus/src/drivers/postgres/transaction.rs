//! Jobs inside the caller's own transaction.

use std::collections::HashSet;
use std::sync::Arc;

use sqlx::PgConnection;

use super::driver::PostgresDriver;
use super::fault::Fault;
use super::floor::Doubt;
use super::push::{self, allowed};
use super::settle;
use crate::clock::Timestamp;
use crate::driver::{DriverError, MAX_BATCH, Pushed, Settled, Settlement};
use crate::id::{QueueName, WorkerId};
use crate::job::NewJob;

impl PostgresDriver {
    /// Stores jobs in the caller's transaction: they exist if and only if it commits. As
    /// [`push`](crate::driver::Driver::push), but never by hand-off. After the commit call
    /// [`committed`](Self::committed), so that workers learn of them at once.
    ///
    /// # Errors
    /// As [`push`](crate::driver::Driver::push). An error of the server leaves the transaction aborted.
    pub async fn push_in(
        &self,
        connection: &mut PgConnection,
        jobs: Vec<NewJob>,
        now: Timestamp,
    ) -> Result<Vec<Pushed>, DriverError> {
        const OPERATION: &str = "push_in";
        allowed(&jobs, OPERATION)?;
        self.learn(&jobs)
            .await
            .map_err(|fault| fault.of(OPERATION))?;
        let mut answers = Vec::with_capacity(jobs.len());
        let mut seen = HashSet::new();
        for part in jobs.chunks(MAX_BATCH) {
            let firsts: Vec<&NewJob> = part.iter().filter(|job| seen.insert(job.id)).collect();
            let entries: Vec<_> = firsts
                .iter()
                .map(|job| push::entry(&self.store, job, now, None))
                .collect();
            let mut new = push::insert(&self.store, connection, &entries)
                .await
                .map_err(|fault| fault.of(OPERATION))?;
            answers.extend(part.iter().map(|job| {
                if new.remove(&job.id) {
                    Pushed::Stored
                } else {
                    Pushed::Duplicate(job.id)
                }
            }));
        }
        Ok(answers)
    }

    /// Settles one job in the caller's transaction: its work and the job's outcome become true
    /// together. As [`settle`](crate::driver::Driver::settle) but for the commit. After it, call
    /// [`committed`](Self::committed) with the queues of the jobs that follow.
    ///
    /// The job's row stays locked until the transaction ends.
    ///
    /// # Errors
    /// As [`settle`](crate::driver::Driver::settle). An error of the server leaves the transaction aborted.
    pub async fn settle_in(
        &self,
        connection: &mut PgConnection,
        worker: WorkerId,
        settlement: &Settlement,
        now: Timestamp,
    ) -> Result<Settled, DriverError> {
        const OPERATION: &str = "settle_in";
        allowed(&settlement.follow, OPERATION)?;
        let failed = |fault: Fault| fault.of(OPERATION);
        self.learn(&settlement.follow).await.map_err(failed)?;
        let one = [(settlement.clone(), now)];
        let applied = settle::apply(&self.store, connection, worker, &one)
            .await
            .map_err(failed)?;
        Ok(if applied == [true] {
            Settled::Applied
        } else {
            Settled::LeaseLost
        })
    }

    /// A transaction with jobs of these queues has committed: wakes who waits for them.
    pub fn committed(&self, queues: &[QueueName]) {
        for queue in queues {
            if let Some(number) = self.store.names.queue(queue.as_str()) {
                self.store.floors.doubt(number, Doubt::Certain);
            }
        }
        self.store.wake(queues);
    }

    /// Gives numbers to the names, outside the caller's transaction: it might roll back.
    async fn learn(&self, jobs: &[NewJob]) -> Result<(), Fault> {
        let known = |job: &NewJob| {
            let (queue, envelope) = (job.queue.as_str(), &job.envelope);
            self.store.names.queue(queue).is_some()
                && self
                    .store
                    .names
                    .kind(&envelope.name, envelope.version)
                    .is_some()
        };
        let unknown: Vec<NewJob> = jobs.iter().filter(|job| !known(job)).cloned().collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let store = Arc::clone(&self.store);
        let lane = &self.store.upkeep;
        lane.run(move |connection| {
            Box::pin(async move { push::learn(&store, connection, unknown.iter()).await })
        })
        .await
    }
}
