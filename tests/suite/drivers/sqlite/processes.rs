//! Several processes on one file, and processes that are killed.

use std::process::{Command, Stdio};
use std::time::Duration;

use bus::clock::{Clock, SystemClock};
use bus::driver::{
    ClaimRequest, Driver, Inspect, JobFilter, Keep, MAX_BATCH, Order, Page, Rescue, Settlement,
    Synchronous,
};
use bus::drivers::SqliteDriver;
use bus::id::{QueueName, WorkerId};
use bus::job::{Failure, FailureKind, JobState};

use super::{PATIENCE, Place, info, job};

const FILE: &str = "BUS_TEST_SQLITE_FILE";
const LEASE: Duration = Duration::from_secs(1);
const JOBS: usize = 4_000;
const CHILDREN: usize = 3;
const KILLS: usize = 6;

/// Not a test of its own: the body of the processes below, which run this binary with this name.
#[test]
fn child() {
    let Ok(file) = std::env::var(FILE) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(work(&file));
}

/// Works until killed, or until its parent would have given up: claims, completes, rescues.
async fn work(file: &str) {
    let driver = SqliteDriver::open(file, Synchronous::Full).await.unwrap();
    let worker = WorkerId::new();
    let request = ClaimRequest::one(QueueName::DEFAULT, 7);
    let mut settlements: Vec<Settlement> = Vec::new();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while tokio::time::Instant::now() < deadline {
        let now = SystemClock.now();
        driver.heartbeat(&info(worker, LEASE), now).await.unwrap();
        let both = driver.settle_and_claim(worker, &settlements, &request, now);
        let claims = both.await.unwrap().1.unwrap();
        let done = |lease| Settlement::completed(lease, None, Keep::Forever);
        settlements = claims.jobs.into_iter().map(|job| done(job.lease)).collect();
        let rescue = Rescue {
            by: worker,
            retry_at: now,
            limit: MAX_BATCH,
        };
        for lost in driver.rescue(&rescue, now).await.unwrap().exhausted {
            let failure = Failure::new(FailureKind::Lost, "lost", lost.attempts, now);
            let dead = Settlement::dead(lost.lease, String::new(), Keep::Forever, failure);
            settlements.push(dead);
        }
    }
}

/// A process that does not outlive the test.
#[derive(Debug)]
struct Child(std::process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        // An error means that it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn spawn(place: &Place) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([
        "--exact",
        "drivers::sqlite::processes::child",
        "--nocapture",
    ]);
    child.env(FILE, place.file());
    child.stdout(Stdio::null());
    Child(child.spawn().unwrap())
}

async fn completed(driver: &SqliteDriver) -> usize {
    let counts = driver.counts(Some(&QueueName::DEFAULT)).await.unwrap();
    usize::try_from(counts[0].get(JobState::Completed)).unwrap()
}

#[tokio::test]
async fn killed_processes_lose_no_job_and_end_none_twice() {
    let place = Place::new("kill");
    let driver = place.migrated().await;
    let mut jobs: Vec<_> = (0..JOBS).map(|_| job()).collect();
    let now = SystemClock.now();
    for job in &mut jobs {
        (job.max_attempts, job.run_at) = (100, now);
    }
    driver.push(jobs, now).await.unwrap();
    let mut children: Vec<Child> = (0..CHILDREN).map(|_| spawn(&place)).collect();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut kills = 0;
    loop {
        let done = completed(&driver).await;
        if done == JOBS {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{done} of {JOBS}");
        if kills < KILLS && done > JOBS / (KILLS + 2) * (kills + 1) {
            drop(children.remove(0));
            children.push(spawn(&place));
            kills += 1;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(children);
    assert!(kills > 0, "they were too fast to be killed");
    let mut page = Page {
        limit: MAX_BATCH,
        order: Order::OldestFirst,
        ..Page::default()
    };
    let mut seen = 0;
    loop {
        let found = driver.list(&JobFilter::default(), page).await.unwrap();
        for job in &found.jobs {
            assert_eq!(job.state, JobState::Completed);
            // Each attempt but the last one was lost with its process, and the history says so.
            assert_eq!(job.attempts as usize, job.failures.len() + 1, "{job:?}");
            assert_eq!(job.attempts, job.deliveries, "{job:?}");
        }
        seen += found.jobs.len();
        page.after = found.next;
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(seen, JOBS);
    let check: String = place
        .raw()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
}
