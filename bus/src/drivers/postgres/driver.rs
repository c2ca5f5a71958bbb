//! The driver's face: each method hands over to the file that does it.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::fault::{Fault, STORE};
use super::floor::Doubt;
use super::push::{self, Push, Pushes, Refused};
use super::settle::{self, Outcomes, Settles};
use super::store::Store;
use super::{claim, inspect, schema, upkeep, wake};
use crate::clock::Timestamp;
use crate::driver::{
    CancelCount, Capabilities, ClaimRequest, Claims, ClientUrl, Driver, DriverError, DriverFuture,
    EndNotice, EndWatch, HandOff, Heartbeat, Inspect, JobFilter, JobPage, Keep, MAX_BATCH,
    Migrated, Page, Promoted, Pushed, QueueCounts, QueueInfo, Rescue, Rescued, Selection, Settled,
    Settlement, Wakes, WorkerInfo,
};
use crate::drivers::batcher::Batcher;
use crate::id::{JobId, QueueName, WorkerId};
use crate::job::{JobRecord, NewJob};

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
    store: Arc<Store>,
    tasks: Mutex<Option<Tasks>>,
    closed: CancellationToken,
}

#[derive(Debug)]
struct Tasks {
    pushes: Arc<Batcher<Pushes>>,
    settles: Arc<Batcher<Settles>>,
    running: Vec<JoinHandle<()>>,
    told: JoinHandle<()>,
    /// Ends listener and teller when the driver is dropped without being closed.
    _stop: DropGuard,
}

impl PostgresDriver {
    /// A driver for a database and a schema. Nothing is connected yet.
    ///
    /// Must be called within a Tokio runtime, which runs its tasks.
    ///
    /// # Errors
    /// When the URL is not one of a PostgreSQL client.
    pub fn open(url: &ClientUrl, schema: &str) -> Result<Self, DriverError> {
        let options: PgConnectOptions = url
            .expose()
            .parse()
            .map_err(|error| Fault::from(error).of("open"))?;
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name("bus"),
        };
        let options = sqlx::ConnectOptions::disable_statement_logging(options);
        let store = Arc::new(Store::new(options, schema));
        let closed = CancellationToken::new();
        let (pushes, pushing) = Batcher::start(Pushes(Arc::clone(&store)));
        let (settles, settling) = Batcher::start(Settles(Arc::clone(&store)));
        let told = tokio::spawn(wake::tell(Arc::clone(&store), closed.clone()));
        let listening = tokio::spawn(wake::listen(Arc::clone(&store), closed.clone()));
        let tasks = Tasks {
            pushes: Arc::new(pushes),
            settles: Arc::new(settles),
            running: vec![pushing, settling, listening],
            told,
            _stop: closed.clone().drop_guard(),
        };
        Ok(Self {
            store,
            tasks: Mutex::new(Some(tasks)),
            closed,
        })
    }

    /// Stores jobs in the caller's transaction: they exist if and only if it commits. As
    /// [`push`](Driver::push), but never by hand-off. After the commit call
    /// [`committed`](Self::committed), so that workers learn of them at once.
    ///
    /// # Errors
    /// As [`push`](Driver::push). An error of the server leaves the transaction aborted.
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
        let mut seen = std::collections::HashSet::new();
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
    /// together. As [`settle`](Driver::settle) but for the commit. After it, call
    /// [`committed`](Self::committed) with the queues of the jobs that follow.
    ///
    /// The job's row stays locked until the transaction ends.
    ///
    /// # Errors
    /// As [`settle`](Driver::settle). An error of the server leaves the transaction aborted.
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

    fn pushes(&self) -> Result<Arc<Batcher<Pushes>>, Fault> {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks
            .as_ref()
            .map(|tasks| Arc::clone(&tasks.pushes))
            .ok_or_else(closed)
    }

    fn settles(&self) -> Result<Arc<Batcher<Settles>>, Fault> {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks
            .as_ref()
            .map(|tasks| Arc::clone(&tasks.settles))
            .ok_or_else(closed)
    }

    /// Stores jobs part by part, so that an error leaves the first ones stored.
    async fn store_parts(&self, jobs: Vec<NewJob>, now: Timestamp) -> Result<Vec<Pushed>, Fault> {
        let pushes = self.pushes()?;
        let mut answers = Vec::with_capacity(jobs.len());
        let mut jobs = jobs.into_iter().peekable();
        while jobs.peek().is_some() {
            let mut weight = 0;
            let mut part = Vec::with_capacity(jobs.len().min(MAX_BATCH));
            while let Some(job) = jobs.peek() {
                weight += push::weight(job);
                if weight > MAX_BATCH && !part.is_empty() {
                    break;
                }
                part.extend(jobs.next());
            }
            let stored = pushes.call(Push { jobs: part, now }).await;
            answers.extend(stored.unwrap_or_else(|| Err(closed()))?);
        }
        Ok(answers)
    }

    async fn shut(&self) {
        let tasks = self
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(Tasks {
            pushes,
            settles,
            running,
            told,
            _stop,
        }) = tasks
        else {
            return;
        };
        drop((pushes, settles));
        self.closed.cancel();
        for task in running {
            // A task that panicked has nothing left to flush.
            let _ = task.await;
        }
        let _ = told.await;
        let store = &self.store;
        for lane in [
            &store.push,
            &store.claim,
            &store.settle,
            &store.upkeep,
            &store.ask,
        ] {
            lane.close().await;
        }
        store.wakes.close();
    }
}

fn closed() -> Fault {
    Fault::permanent("the driver is closed")
}

fn allowed(jobs: &[NewJob], operation: &'static str) -> Result<(), DriverError> {
    match push::check(jobs) {
        Ok(()) => Ok(()),
        Err(Refused::Unsupported) => Err(DriverError::unsupported(STORE, operation)),
        Err(Refused::TooLarge(bytes)) => {
            let most = push::MAX_BODY;
            let message = format!("a payload of {bytes} bytes is more than {most}");
            Err(DriverError::permanent(STORE, operation, message))
        }
    }
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

    fn ping(&self) -> DriverFuture<'_, ()> {
        let lane = &self.store.upkeep;
        named!(
            "ping",
            lane.run(|connection| { Box::pin(async move { Ok(connection.ping().await?) }) })
        )
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
            self.store_parts(jobs, now)
                .await
                .map_err(|fault| fault.of("push"))
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
            let settlements = settlements.to_vec();
            let settles = self.settles().map_err(|fault| fault.of("settle"))?;
            let settled = settles
                .call(Outcomes {
                    worker,
                    settlements,
                    now,
                })
                .await;
            settled
                .unwrap_or_else(|| Err(closed()))
                .map_err(|fault| fault.of("settle"))
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
        named!("retry", inspect::retry(&self.store, jobs, limit, now))
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
            inspect::cancel(&self.store, jobs, reason, keep, limit, now)
        )
    }

    fn delete<'a>(
        &'a self,
        jobs: &'a Selection,
        limit: usize,
        _now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        named!("delete", inspect::delete(&self.store, jobs, limit))
    }

    fn pause<'a>(
        &'a self,
        queue: &'a QueueName,
        reason: Option<&'a str>,
        now: Timestamp,
    ) -> DriverFuture<'a, bool> {
        named!("pause", inspect::pause(&self.store, queue, reason, now))
    }

    fn resume<'a>(&'a self, queue: &'a QueueName) -> DriverFuture<'a, bool> {
        named!("resume", inspect::resume(&self.store, queue))
    }
}
