//! The file: made, upgraded, refused, shared, locked.

use std::time::Duration;

use bus::driver::{
    ClaimRequest, Driver, ErrorKind, Inspect, Keep, Settlement, StoreUrl, Synchronous, Wake,
};
use bus::drivers::SqliteDriver;
use bus::id::QueueName;
use bus::job::{Conflict, JobState, Key, UniqueKey, UniqueUntil};
use tokio::time::timeout;

use super::{PATIENCE, Place, START, job, stored, worker};

#[tokio::test]
async fn of_many_that_migrate_at_once_one_does_it() {
    let place = Place::new("migrate");
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let file = place.file();
        all.spawn(async move {
            let driver = SqliteDriver::open(file, Synchronous::Full).await.unwrap();
            driver.migrate().await.unwrap()
        });
    }
    let done = all.join_all().await;
    let newest = done[0].to;
    assert!(done.iter().all(|migrated| migrated.to == newest));
    let did = done.iter().filter(|migrated| migrated.from == 0);
    assert_eq!(did.count(), 1, "{done:?}");
    let again = place.open().await.migrate().await.unwrap();
    assert_eq!((again.from, again.to), (newest, newest));
}

#[tokio::test]
async fn a_file_without_tables_says_what_to_call() {
    let place = Place::new("empty");
    let driver = place.open().await;
    let error = driver.push(vec![job()], START).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permanent);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("call migrate"), "{cause}");
    driver.migrate().await.unwrap();
    driver.push(vec![job()], START).await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let place = Place::new("newer");
    place.migrated().await.close().await.unwrap();
    let newer = "INSERT INTO bus_migrations VALUES (99, 0)";
    place.raw().execute(newer, []).unwrap();
    let opened = SqliteDriver::open(place.file(), Synchronous::Full).await;
    let error = opened.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permanent);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("version 99"), "{cause}");
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let place = Place::new("refused");
    let nowhere = SqliteDriver::open(place.0.join("no/jobs.db"), Synchronous::Full).await;
    assert_eq!(nowhere.unwrap_err().kind(), ErrorKind::Permanent);
    let text = place.0.join("text");
    std::fs::write(
        &text,
        "this is no database at all, and long enough to see it",
    )
    .unwrap();
    let text = SqliteDriver::open(text, Synchronous::Full).await;
    assert_eq!(text.unwrap_err().kind(), ErrorKind::Permanent);
}

#[tokio::test]
async fn a_url_opens_it_beside_other_tables() {
    let place = Place::new("url");
    place.raw().execute("CREATE TABLE jobs (mine)", []).unwrap();
    let url = format!("sqlite://{}?synchronous=normal", place.file().display());
    let url: StoreUrl = url.parse().unwrap();
    let driver = bus::drivers::connect(&url).await.unwrap();
    driver.migrate().await.unwrap();
    assert_eq!(driver.name(), "sqlite");
    driver.push(vec![job()], START).await.unwrap();
    let mine = "SELECT count(*) FROM jobs";
    let count: i64 = place.raw().query_row(mine, [], |row| row.get(0)).unwrap();
    assert_eq!(count, 0);
}

#[tokio::test]
async fn another_drivers_jobs_and_ends_are_noticed() {
    let place = Place::new("notice");
    let (here, there) = (place.migrated().await, place.open().await);
    let mut wakes = here.wake();
    // What came before the first look counts as news.
    assert_eq!(
        timeout(PATIENCE, wakes.next()).await.unwrap(),
        Some(Wake::All)
    );
    let id = stored(&there, job()).await;
    assert_eq!(
        timeout(PATIENCE, wakes.next()).await.unwrap(),
        Some(Wake::All)
    );
    let mut watch = there.watch(id);
    let worker = worker(&here).await;
    let request = ClaimRequest::one(QueueName::DEFAULT, 1);
    let claims = here.claim(worker, &request, START).await.unwrap();
    let lease = claims.jobs[0].lease.clone();
    let done = Settlement::completed(lease, None, Keep::Forever);
    here.settle(worker, &[done], START).await.unwrap();
    loop {
        assert_eq!(timeout(PATIENCE, watch.next()).await.unwrap(), None);
        let job = there.get(id).await.unwrap().unwrap();
        if job.state == JobState::Completed {
            return;
        }
    }
}

#[tokio::test]
async fn a_write_waits_for_a_transaction_of_others() {
    let place = Place::new("locked");
    let driver = place.migrated().await;
    let lock = place.raw();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting = tokio::spawn({
        let driver = driver.clone();
        async move { driver.push(vec![job()], START).await }
    });
    // Reading is not stopped meanwhile, and the lock is held for a time that a push needs.
    assert_eq!(driver.counts(None).await.unwrap(), []);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    lock.execute_batch("COMMIT").unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_lock_that_is_never_released_is_a_passing_error() {
    let place = Place::new("stuck");
    let driver = place.migrated().await;
    let lock = place.raw();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = driver.push(vec![job()], START).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    lock.execute_batch("ROLLBACK").unwrap();
    driver.push(vec![job()], START).await.unwrap();
}

#[tokio::test]
async fn one_call_that_fails_does_not_harm_those_it_shares_a_commit_with() {
    let place = Place::new("shared");
    let driver = place.migrated().await;
    let worker = worker(&driver).await;
    let id = stored(&driver, job()).await;
    let request = ClaimRequest::one(QueueName::DEFAULT, 1);
    let claims = driver.claim(worker, &request, START).await.unwrap();
    let lease = claims.jobs[0].lease.clone();
    let mut refused = job();
    refused.extras_mut().links.unique = Some(UniqueKey {
        key: Key::new("k").unwrap(),
        until: UniqueUntil::Ended,
        conflict: Conflict::Keep,
    });
    let wrong = Settlement::completed(lease, None, Keep::Drop).with_follow(vec![refused]);
    let wrong = [wrong];
    let (one, failed, two) = tokio::join!(
        driver.push(vec![job()], START),
        driver.settle(worker, &wrong, START),
        driver.push(vec![job()], START),
    );
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Unsupported);
    one.unwrap();
    two.unwrap();
    let held = driver.get(id).await.unwrap().unwrap();
    assert_eq!(held.state, JobState::Running, "nothing of it happened");
    let counts = driver.counts(Some(&QueueName::DEFAULT)).await.unwrap();
    assert_eq!(counts[0].get(JobState::Available), 2);
}
