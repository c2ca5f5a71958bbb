//! The driver: each call becomes work for the writer, or a question to the readers.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::desk::Desk;
use super::fault::{Fault, STORE};
use super::readers::Readers;
use super::wake::Hubs;
use super::writer::{Writer, received};
use super::{jobs, schema, settle, upkeep};
use crate::clock::Timestamp;
use crate::driver::{
    Capabilities, ClaimRequest, Claims, Driver, DriverError, DriverFuture, EndNotice, EndWatch,
    HandOff, Heartbeat, MAX_BATCH, Migrated, Promoted, Pushed, Rescue, Rescued, Settled,
    Settlement, Synchronous, Wakes, WorkerInfo,
};
use crate::id::{JobId, WorkerId};
use crate::job::NewJob;

/// How often to look for jobs all the same; other processes' jobs are noticed within 15 ms.
const POLL: Duration = Duration::from_secs(5);
/// A payload of so many bytes weighs as much as a job more.
const WEIGHT: usize = 64 * 1024;

/// Jobs in one SQLite file, shared by any number of processes of one machine.
///
/// The file is made when missing. It must lie on a local disk: SQLite's locks and its shared
/// memory do not work over a network.
///
/// ```
/// use bus::driver::{Driver, Synchronous};
/// use bus::drivers::SqliteDriver;
/// # let runtime = tokio::runtime::Runtime::new()?;
/// # let path = std::env::temp_dir().join(format!("bus-doc-{}.db", std::process::id()));
/// # runtime.block_on(async {
/// let store = SqliteDriver::open(&path, Synchronous::Full).await?;
/// store.migrate().await?;
/// store.close().await?;
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteDriver {
    pub(super) path: PathBuf,
    pub(super) synchronous: Synchronous,
    pub(super) writer: Writer,
    pub(super) readers: Readers,
    pub(super) hubs: Arc<Hubs>,
}

impl SqliteDriver {
    /// Opens a file, which is made if it is missing; its directory is not. Call
    /// [`migrate`](Driver::migrate) before anything else.
    ///
    /// # Errors
    /// When the file cannot be opened, is no SQLite database, or was made by a newer version.
    pub async fn open(
        path: impl Into<PathBuf>,
        synchronous: Synchronous,
    ) -> Result<Self, DriverError> {
        let driver = Self::start(path.into(), synchronous).map_err(|fault| fault.of("connect"))?;
        driver.touch().await.map_err(|fault| fault.of("connect"))?;
        Ok(driver)
    }

    fn start(path: PathBuf, synchronous: Synchronous) -> Result<Self, Fault> {
        let hubs = Arc::<Hubs>::default();
        Ok(Self {
            writer: Writer::start(path.clone(), synchronous, Arc::clone(&hubs))?,
            readers: Readers::start(&path)?,
            path,
            synchronous,
            hubs,
        })
    }

    async fn touch(&self) -> Result<(), Fault> {
        let answer = self.writer.with_connection(|connection| {
            let one: i64 = connection.query_row("SELECT 1", [], |row| row.get(0))?;
            debug_assert_eq!(one, 1);
            Ok(())
        });
        received(answer.await)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hands work to the writer.
    pub(super) fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        weight: usize,
        durable: bool,
        run: impl FnMut(&mut Desk<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> DriverFuture<'_, T> {
        Box::pin(async move {
            let answer = self.writer.submit(weight, durable, run).await;
            received(answer).map_err(|fault| fault.of(operation))
        })
    }

    async fn push_parts(
        &self,
        mut rest: Vec<NewJob>,
        now: Timestamp,
    ) -> Result<Vec<Pushed>, Fault> {
        jobs::check(&rest)?;
        let count = rest.len();
        // The number of the first part that failed: those after it are not stored.
        let failed = Arc::new(AtomicUsize::new(usize::MAX));
        let mut answers = Vec::new();
        while !rest.is_empty() {
            let (length, weight) = first_part(&rest);
            let part = match length == rest.len() {
                true => std::mem::take(&mut rest),
                false => rest.drain(..length).collect(),
            };
            let (number, failed) = (answers.len(), Arc::clone(&failed));
            answers.push(self.writer.submit(weight, true, move |desk| {
                if failed.load(Ordering::Acquire) < number {
                    return Err(Fault::Earlier);
                }
                let pushed = jobs::push(desk, &part, now);
                pushed.inspect_err(|_| {
                    failed.fetch_min(number, Ordering::AcqRel);
                })
            }));
        }
        let mut pushed = Vec::with_capacity(count);
        for answer in answers {
            pushed.extend(received(answer.await)?);
        }
        Ok(pushed)
    }
}

/// How many jobs go into the next transaction, and what they weigh.
fn first_part(jobs: &[NewJob]) -> (usize, usize) {
    let mut weight = 0;
    for (place, job) in jobs.iter().enumerate() {
        let more = 1 + job.envelope.body.len() / WEIGHT;
        if place > 0 && weight + more > MAX_BATCH {
            return (place, weight);
        }
        weight += more;
    }
    (jobs.len(), weight)
}

impl Driver for SqliteDriver {
    fn name(&self) -> &'static str {
        STORE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            durable: true,
            shared: true,
            fused: true,
            hand_off: true,
            transactions: true,
            end_notice: EndNotice::Remote,
            poll: Some(POLL),
            ..Capabilities::NONE
        }
    }

    fn migrate(&self) -> DriverFuture<'_, Migrated> {
        Box::pin(async move {
            let answer = self.writer.with_connection(schema::migrate).await;
            received(answer).map_err(|fault| fault.of("migrate"))
        })
    }

    fn ping(&self) -> DriverFuture<'_, Option<Timestamp>> {
        Box::pin(async move {
            self.touch().await.map_err(|fault| fault.of("ping"))?;
            // Whoever has the file is on this machine.
            Ok(None)
        })
    }

    fn close(&self) -> DriverFuture<'_, ()> {
        Box::pin(async move {
            self.readers.close();
            self.writer.close().await;
            self.hubs.wakes.close();
            Ok(())
        })
    }

    fn push(&self, jobs: Vec<NewJob>, now: Timestamp) -> DriverFuture<'_, Vec<Pushed>> {
        Box::pin(async move {
            let pushed = self.push_parts(jobs, now).await;
            pushed.map_err(|fault| fault.of("push"))
        })
    }

    fn offer(&self, worker: Weak<dyn HandOff>) {
        self.hubs.offer(worker);
    }

    fn claim<'a>(
        &'a self,
        worker: WorkerId,
        request: &'a ClaimRequest,
        now: Timestamp,
    ) -> DriverFuture<'a, Claims> {
        let request = request.clone();
        // Not durable: a claim that a loss of power takes only runs the jobs again.
        self.write("claim", request.limit.min(MAX_BATCH), false, move |desk| {
            jobs::claim(desk, worker, &request, now)
        })
    }

    fn settle<'a>(
        &'a self,
        worker: WorkerId,
        settlements: &'a [Settlement],
        now: Timestamp,
    ) -> DriverFuture<'a, Vec<Settled>> {
        let settlements: Arc<[Settlement]> = settlements.into();
        self.write("settle", settlements.len(), true, move |desk| {
            settle::settle(desk, worker, &settlements, now)
        })
    }

    fn settle_and_claim<'a>(
        &'a self,
        worker: WorkerId,
        settlements: &'a [Settlement],
        request: &'a ClaimRequest,
        now: Timestamp,
    ) -> DriverFuture<'a, (Vec<Settled>, Result<Claims, DriverError>)> {
        let settlements: Arc<[Settlement]> = settlements.into();
        let request = request.clone();
        let durable = !settlements.is_empty();
        let weight = settlements.len() + request.limit.min(MAX_BATCH);
        self.write("settle_and_claim", weight, durable, move |desk| {
            let settled = match settlements.is_empty() {
                true => Vec::new(),
                false => settle::settle(desk, worker, &settlements, now)?,
            };
            // Both or neither: a claim that fails takes the settle back, which is then repeated.
            Ok((settled, Ok(jobs::claim(desk, worker, &request, now)?)))
        })
    }

    fn disown<'a>(
        &'a self,
        worker: WorkerId,
        held: &'a [JobId],
        _now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        let held: Arc<HashSet<JobId>> = Arc::new(held.iter().copied().collect());
        Box::pin(self.give_back("disown", worker, held))
    }

    fn heartbeat<'a>(
        &'a self,
        worker: &'a WorkerInfo,
        now: Timestamp,
    ) -> DriverFuture<'a, Heartbeat> {
        let worker = worker.clone();
        self.write("heartbeat", 1, false, move |desk| {
            upkeep::heartbeat(desk, &worker, now)
        })
    }

    fn retire(&self, worker: WorkerId, _now: Timestamp) -> DriverFuture<'_, u64> {
        Box::pin(async move {
            let given = self.give_back("retire", worker, Arc::default()).await?;
            self.write("retire", 1, true, move |desk| {
                upkeep::deregister(desk, worker)
            })
            .await?;
            Ok(given)
        })
    }

    fn rescue<'a>(&'a self, rescue: &'a Rescue, now: Timestamp) -> DriverFuture<'a, Rescued> {
        let rescue = rescue.clone();
        self.write("rescue", rescue.limit.min(MAX_BATCH), true, move |desk| {
            upkeep::rescue(desk, &rescue, now)
        })
    }

    fn promote(&self, limit: usize, now: Timestamp) -> DriverFuture<'_, Promoted> {
        self.write("promote", limit.min(MAX_BATCH), true, move |desk| {
            jobs::promote(desk, limit, now)
        })
    }

    fn prune(&self, limit: usize, now: Timestamp) -> DriverFuture<'_, u64> {
        self.write("prune", limit.min(MAX_BATCH), true, move |desk| {
            upkeep::prune(desk, limit, now)
        })
    }

    fn wake(&self) -> Wakes {
        let wakes = self.hubs.wakes.subscribe();
        self.hubs.listen();
        self.writer.look();
        wakes
    }

    fn watch(&self, job: JobId) -> EndWatch {
        let watch = self.hubs.ends.watch(job);
        self.writer.look();
        watch
    }
}

impl SqliteDriver {
    /// Gives back what the worker holds and does not name, batch by batch.
    async fn give_back(
        &self,
        operation: &'static str,
        worker: WorkerId,
        held: Arc<HashSet<JobId>>,
    ) -> Result<u64, DriverError> {
        let mut given = 0;
        loop {
            let held = Arc::clone(&held);
            let part = self.write(operation, MAX_BATCH, true, move |desk| {
                upkeep::disown(desk, worker, &held)
            });
            let part = part.await?;
            given += part as u64;
            if part < MAX_BATCH {
                return Ok(given);
            }
        }
    }
}
