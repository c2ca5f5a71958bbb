//! The store in one SQLite file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bus::clock::Timestamp;
use bus::codec::Envelope;
use bus::driver::{Driver, DriverFuture, Synchronous, WorkerInfo};
use bus::drivers::SqliteDriver;
use bus::id::{CommandName, JobId, WorkerId};
use bus::job::{JobOptions, NewJob};
use bus::testing::conformance::Ground;

mod damage;
mod file;
mod processes;
mod transactions;

mod conformance {
    bus::driver_conformance!(super::ground);
}

const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Longer than anything here takes, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn job() -> NewJob {
    let envelope = Envelope::new(CommandName::from_static("shop::Mail"), 1, "{}");
    NewJob::new(envelope, &JobOptions::DEFAULT, START)
}

/// A directory of its own for each test, gone when the test is over.
#[derive(Debug)]
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let name = format!("sqlite-{}-{name}", std::process::id());
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&place).unwrap();
        Self(place)
    }

    fn file(&self) -> PathBuf {
        self.0.join("jobs.db")
    }

    /// A driver of its own on the file: to the file the same as another process.
    async fn open(&self) -> Arc<SqliteDriver> {
        let driver = SqliteDriver::open(self.file(), Synchronous::Full);
        Arc::new(driver.await.unwrap())
    }

    /// The same with its tables.
    async fn migrated(&self) -> Arc<SqliteDriver> {
        let driver = self.open().await;
        driver.migrate().await.unwrap();
        driver
    }

    /// A connection that knows nothing of jobs.
    fn raw(&self) -> rusqlite::Connection {
        let raw = rusqlite::Connection::open(self.file()).unwrap();
        raw.busy_timeout(PATIENCE).unwrap();
        raw
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What cannot be removed lies in the target directory, where it harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn ground(name: &'static str) -> Place {
    Place::new(name)
}

impl Ground for Place {
    fn open(&self) -> DriverFuture<'_, Arc<dyn Driver>> {
        Box::pin(async { Ok(Place::open(self).await as Arc<dyn Driver>) })
    }
}

fn info(worker: WorkerId, lease: Duration) -> WorkerInfo {
    WorkerInfo {
        id: worker,
        host: "here".to_owned(),
        pid: std::process::id(),
        started_at: START,
        lease,
        queues: Vec::new(),
        slots: 8,
        expires_at: START,
    }
}

/// A worker that lives for an hour from the start.
async fn worker(driver: &SqliteDriver) -> WorkerId {
    let worker = WorkerId::new();
    let info = info(worker, Duration::from_secs(3_600));
    driver.heartbeat(&info, START).await.unwrap();
    worker
}

async fn stored(driver: &SqliteDriver, job: NewJob) -> JobId {
    let id = job.id;
    driver.push(vec![job], START).await.unwrap();
    id
}
