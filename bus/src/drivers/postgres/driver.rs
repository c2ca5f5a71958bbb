//! The driver's face: each method hands over to the file that does it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::super::batcher::Batcher;
use super::connection::options;
use super::fault::{Fault, STORE};
use super::push::{Pushes, allowed};
use super::settle::Settles;
use super::store::Store;
use super::{claim, edit, inspect, schema, upkeep, wake};
use crate::clock::Timestamp;
use crate::driver::{
    CancelCount, Capabilities, ClaimRequest, Claims, ClientUrl, Driver, DriverError, DriverFuture,
    EndNotice, EndWatch, HandOff, Heartbeat, Inspect, JobFilter, JobPage, Keep, Migrated, Page,
    Promoted, Pushed, QueueCounts, QueueInfo, Rescue, Rescued, Selection, Settled, Settlement,
    Wakes, WorkerInfo,
};
use crate::id::{JobId, QueueName, WorkerId};
use crate::job::{JobRecord, JobState, NewJob};

/// Without a notification jobs are looked for this often: notifications are only a help.
const POLL: Duration = Duration::from_secs(1);

/// Jobs on PostgreSQL.
///
/// Opens up to six connections when they are first needed: for storing, claiming, settling,
/// upkeep, questions, and notifications.
///
/// Beyond [`Driver`] it stores and settles jobs inside the caller's own transaction:
/// [`push_in`](Self::push_in), [`settle_in`](Self::settle_in).
#[derive(Debug)]
pub struct PostgresDriver {
    pub(super) store: Arc<Store>,
    pushes: Batcher<Pushes>,
    settles: Batcher<Settles>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    closed: AtomicBool,
    stop: CancellationToken,
    /// Stops the tasks when the driver is dropped without being closed.
    _guard: DropGuard,
}

impl PostgresDriver {
    /// A driver for a database and a schema. Nothing is connected yet.
    ///
    /// Must be called within a Tokio runtime, which runs its tasks.
    ///
    /// # Errors
    /// When the URL is not one of a PostgreSQL client, or needs a feature of this crate that is off.
    pub fn open(url: &ClientUrl, schema: &str) -> Result<Self, DriverError> {
        let options = options(url).map_err(|fault| fault.of("open"))?;
        let store = Arc::new(Store::new(options, schema));
        let stop = CancellationToken::new();
        let tasks = vec![
            tokio::spawn(wake::tell(Arc::clone(&store), stop.clone())),
            tokio::spawn(wake::listen(Arc::clone(&store), stop.clone())),
        ];
        Ok(Self {
            pushes: Batcher::new(Arc::new(Pushes(Arc::clone(&store)))),
            settles: Batcher::new(Arc::new(Settles(Arc::clone(&store)))),
            store,
            tasks: Mutex::new(tasks),
            closed: AtomicBool::new(false),
            _guard: stop.clone().drop_guard(),
            stop,
        })
    }

    fn open_still(&self) -> Result<(), Fault> {
        match self.closed.load(Ordering::Acquire) {
            true => Err(closed()),
            false => Ok(()),
        }
    }

    async fn shut(&self) {
        self.closed.store(true, Ordering::Release);
        // An empty call comes back after all before it. What cannot be flushed told its callers.
        let _ = self.pushes.submit(Vec::new()).await;
        let _ = self.settles.submit(Vec::new()).await;
        // The last news go out.
        self.stop.cancel();
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // A task that panicked has nothing left to do.
            let _ = task.await;
        }
        let store = &self.store;
        let lanes = [
            &store.push,
            &store.claim,
            &store.settle,
            &store.upkeep,
            &store.ask,
        ];
        for lane in lanes {
            lane.close().await;
        }
        store.wakes.close();
    }
}

fn closed() -> Fault {
    Fault::permanent("the driver is closed")
}

/// Names the operation in the error.
macro_rules! named {
    ($operation:literal, $future:expr) => {
        Box::pin(async move { $future.await.map_err(|fault: Fault| fault.of($operation)) })
    };
}

impl Driver for PostgresDriver {
    fn name(&self) -> &'static str {
        STORE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            durable: true,
            shared: true,
            hand_off: true,
            transactions: true,
            end_notice: EndNotice::Local,
            poll: Some(POLL),
            ..Capabilities::NONE
        }
    }

    fn migrate(&self) -> DriverFuture<'_, Migrated> {
        named!("migrate", schema::migrate(&self.store))
    }

    fn ping(&self) -> DriverFuture<'_, Option<Timestamp>> {
        named!("ping", upkeep::time(&self.store))
    }

    fn close(&self) -> DriverFuture<'_, ()> {
        Box::pin(async move {
            self.shut().await;
            Ok(())
        })
    }

    fn push(&self, jobs: Vec<NewJob>, now: Timestamp) -> DriverFuture<'_, Vec<Pushed>> {
        Box::pin(async move {
            allowed(&jobs, "push")?;
            self.open_still().map_err(|fault| fault.of("push"))?;
            let items = jobs.into_iter().map(|job| (job, now)).collect();
            let pushed = self.pushes.submit(items).await;
            pushed.map_err(|fault| fault.of("push"))
        })
    }

    fn offer(&self, worker: Weak<dyn HandOff>) {
        self.store.offer(worker);
    }

    fn claim<'a>(
        &'a self,
        worker: WorkerId,
        request: &'a ClaimRequest,
        now: Timestamp,
    ) -> DriverFuture<'a, Claims> {
        named!("claim", claim::claim(&self.store, worker, request, now))
    }

    fn settle<'a>(
        &'a self,
        worker: WorkerId,
        settlements: &'a [Settlement],
        now: Timestamp,
    ) -> DriverFuture<'a, Vec<Settled>> {
        Box::pin(async move {
            if settlements.is_empty() {
                return Ok(Vec::new());
            }
            for settlement in settlements {
                allowed(&settlement.follow, "settle")?;
            }
            self.open_still().map_err(|fault| fault.of("settle"))?;
            let items = settlements.iter().map(|one| (worker, (one.clone(), now)));
            let settled = self.settles.submit(items.collect()).await;
            settled.map_err(|fault| fault.of("settle"))
        })
    }

    /// Both at once, on connections of their own: faster than one statement that does both. Not
    /// so if a settlement makes a job available, which the claim shall see.
    fn settle_and_claim<'a>(
        &'a self,
        worker: WorkerId,
        settlements: &'a [Settlement],
        request: &'a ClaimRequest,
        now: Timestamp,
    ) -> DriverFuture<'a, (Vec<Settled>, Result<Claims, DriverError>)> {
        let gives = |one: &Settlement| {
            one.target(now) == Some(JobState::Available) || !one.follow.is_empty()
        };
        let one_by_one = settlements.iter().any(gives);
        Box::pin(async move {
            if one_by_one {
                let settled = self.settle(worker, settlements, now).await?;
                return Ok((settled, self.claim(worker, request, now).await));
            }
            let settle = self.settle(worker, settlements, now);
            let (settled, claims) = tokio::join!(settle, self.claim(worker, request, now));
            Ok((settled?, claims))
        })
    }

    fn disown<'a>(
        &'a self,
        worker: WorkerId,
        held: &'a [JobId],
        _now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        named!("disown", upkeep::disown(&self.store, worker, held))
    }

    fn heartbeat<'a>(
        &'a self,
        worker: &'a WorkerInfo,
        now: Timestamp,
    ) -> DriverFuture<'a, Heartbeat> {
        named!("heartbeat", upkeep::heartbeat(&self.store, worker, now))
    }

    fn retire(&self, worker: WorkerId, _now: Timestamp) -> DriverFuture<'_, u64> {
        named!("retire", upkeep::retire(&self.store, worker))
    }

    fn rescue<'a>(&'a self, rescue: &'a Rescue, now: Timestamp) -> DriverFuture<'a, Rescued> {
        named!("rescue", upkeep::rescue(&self.store, rescue, now))
    }

    fn promote(&self, limit: usize, now: Timestamp) -> DriverFuture<'_, Promoted> {
        named!("promote", upkeep::promote(&self.store, limit, now))
    }

    fn prune(&self, limit: usize, now: Timestamp) -> DriverFuture<'_, u64> {
        named!("prune", upkeep::prune(&self.store, limit, now))
    }

    fn wake(&self) -> Wakes {
        self.store.news.listen();
        self.store.wakes.subscribe()
    }

    fn watch(&self, job: JobId) -> EndWatch {
        self.store.ends.watch(job)
    }
}

impl Inspect for PostgresDriver {
    fn get(&self, job: JobId) -> DriverFuture<'_, Option<JobRecord>> {
        named!("get", inspect::get(&self.store, job))
    }

    fn list<'a>(&'a self, filter: &'a JobFilter, page: Page) -> DriverFuture<'a, JobPage> {
        named!("list", inspect::list(&self.store, filter, page))
    }

    fn counts<'a>(&'a self, queue: Option<&'a QueueName>) -> DriverFuture<'a, Vec<QueueCounts>> {
        named!("counts", inspect::counts(&self.store, queue))
    }

    fn queues(&self) -> DriverFuture<'_, Vec<QueueInfo>> {
        named!("queues", inspect::queues(&self.store))
    }

    fn workers(&self) -> DriverFuture<'_, Vec<WorkerInfo>> {
        named!("workers", inspect::workers(&self.store))
    }

    fn retry<'a>(
        &'a self,
        jobs: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        named!("retry", edit::retry(&self.store, jobs, limit, now))
    }

    fn cancel<'a>(
        &'a self,
        jobs: &'a Selection,
        reason: &'a str,
        keep: Keep,
        limit: usize,
        now: Timestamp,
    ) -> DriverFuture<'a, CancelCount> {
        named!(
            "cancel",
            edit::cancel(&self.store, jobs, reason, keep, limit, now)
        )
    }

    fn delete<'a>(
        &'a self,
        jobs: &'a Selection,
        limit: usize,
        _now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        named!("delete", edit::delete(&self.store, jobs, limit))
    }

    fn pause<'a>(
        &'a self,
        queue: &'a QueueName,
        reason: Option<&'a str>,
        now: Timestamp,
    ) -> DriverFuture<'a, bool> {
        named!("pause", edit::pause(&self.store, queue, reason, now))
    }

    fn resume<'a>(&'a self, queue: &'a QueueName) -> DriverFuture<'a, bool> {
        named!("resume", edit::resume(&self.store, queue))
    }
}
