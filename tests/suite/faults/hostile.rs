//! Rows that nobody can run or read among good ones: each is parked and counted, nothing is stuck.
use super::audit::{counted, rows};
use super::crew::{Pen, Work, chain};
use super::place::Place;
use bus::clock::{Clock, SystemClock};
use bus::codec::Envelope;
use bus::driver::{Driver, MAX_BATCH};
use bus::id::{CommandName, JobId};
use bus::job::{FailureKind, Job, JobState, NewJob};
use bus::prelude::*;
use bus_tests::amount;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What is stored, over and over; the last is spoilt in the store itself.
const KINDS: usize = 8;
const GOOD: [usize; 2] = [0, 4];
const SPOILT: usize = KINDS - 1;
/// Every so many rows the payload is a huge one.
const HUGE_EACH: usize = 1_000;
const HUGE: usize = 1024 * 1024;

fn row(at: usize) -> NewJob {
    let known = Work::DESCRIPTOR.name;
    let good = || serde_json::to_vec(&Work::quick()).unwrap();
    let (name, version, body) = match at % KINDS {
        kind if GOOD.contains(&kind) || kind == SPOILT => (known, 1, good()),
        _ if at % HUGE_EACH == 1 => (known, 1, vec![b'['; HUGE]),
        1 => ("no::such", 1, good()),
        2 => (known, 1, b"{\"takes\":".to_vec()),
        3 => (known, 60_000, good()),
        5 => (known, 1, b"\0\xff\0".to_vec()),
        _ => (known, 1, b"{\"takes\":\"long\"}".to_vec()),
    };
    let name = CommandName::new(name).unwrap();
    NewJob::new(
        Envelope::new(name, version, body),
        &Work::OPTIONS,
        SystemClock.now(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_works_through_hostile_rows() {
    let driver: Arc<dyn Driver> = Arc::new(bus::drivers::MemoryDriver::new());
    works_through(driver, async |_| false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_works_through_hostile_rows() {
    let file = bus_tests::Sqlite::new();
    let path = file.path();
    let place = Place::Sqlite(file);
    let driver = open(&place).await;
    let spoil = async |ids: Vec<JobId>| {
        const SPOILS: [&str; 8] = [
            "name = ''",
            "name = CAST(x'ff00' AS TEXT)",
            "headers = '{'",
            "extras = '['",
            "version = 70000",
            "max_attempts = -1",
            "rank = 100000",
            "body = NULL",
        ];
        let mut raw = rusqlite::Connection::open(&path).unwrap();
        let raw = raw.transaction().unwrap();
        for (id, spoil) in ids.iter().zip(SPOILS.iter().cycle()) {
            let sql = format!("UPDATE bus_jobs SET {spoil} WHERE id = ?1");
            let mut statement = raw.prepare_cached(&sql).unwrap();
            assert_eq!(statement.execute([id.as_bytes()]).unwrap(), 1);
        }
        raw.commit().unwrap();
        true
    };
    works_through(driver, spoil).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_works_through_hostile_rows() {
    let place = Place::postgres().await;
    let pool = sqlx::PgPool::connect(&place.url()).await.unwrap();
    let driver = open(&place).await;
    let spoil = async |ids: Vec<JobId>| {
        const SPOILS: [&str; 4] = [
            "kind = 1000000",
            "extras = '['",
            "headers = 'x', key_id = '\\xff'",
            "headers = '{'",
        ];
        for (at, spoil) in SPOILS.iter().enumerate() {
            let some = ids.iter().skip(at).step_by(SPOILS.len());
            let some: Vec<_> = some.map(JobId::as_uuid).collect();
            let sql = format!("update bus.jobs set {spoil} where id = any($1)");
            let sql = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(some);
            sql.execute(&pool).await.unwrap();
        }
        true
    };
    works_through(driver, spoil).await;
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_works_through_hostile_rows() {
    let redis = bus_tests::Redis::new();
    let mut connection = redis.connection().await;
    let key = format!("{{{}}}:job", redis.prefix());
    let place = Place::Redis(redis);
    let driver = open(&place).await;
    let spoil = async |ids: Vec<JobId>| {
        let spoils: [&[u8]; 3] = [
            b"",
            b"\xff not a row, but long enough to pass for one \xff",
            b"\x01",
        ];
        let mut all = redis::cmd("HSET");
        all.arg(&key);
        for (id, spoil) in ids.iter().zip(spoils.iter().cycle()) {
            all.arg(id.as_bytes()).arg(*spoil);
        }
        let () = all.query_async(&mut connection).await.unwrap();
        true
    };
    works_through(driver, spoil).await;
}

async fn open(place: &Place) -> Arc<dyn Driver> {
    let driver = bus::drivers::connect(&place.url().parse().unwrap())
        .await
        .unwrap();
    driver.migrate().await.unwrap();
    driver
}

/// Stores good and hostile rows, `spoil`s the last kind in the store (if it can), and works.
async fn works_through(driver: Arc<dyn Driver>, mut spoil: impl AsyncFnMut(Vec<JobId>) -> bool) {
    let count = amount("BUS_TEST_HOSTILE", 4_000);
    let began = Instant::now();
    let mut good = 0;
    for from in (0..count).step_by(MAX_BATCH) {
        let batch: Vec<_> = (from..count.min(from + MAX_BATCH)).map(row).collect();
        let of = |kinds: &[usize]| -> Vec<JobId> {
            let at = batch.iter().enumerate();
            let some = at.filter(|(at, _)| kinds.contains(&((from + at) % KINDS)));
            some.map(|(_, job)| job.id).collect()
        };
        let spoilt = of(&[SPOILT]);
        good += of(&GOOD).len();
        driver.push(batch, SystemClock.now()).await.unwrap();
        let unspoilt = spoilt.len();
        if !spoil(spoilt).await {
            good += unspoilt;
        }
    }
    let (stored, began) = (began.elapsed(), Instant::now());
    let executed = Arc::new(AtomicUsize::new(0));
    let pen = Arc::clone(&executed);
    let pen = Pen::new(move |_| {
        pen.fetch_add(1, Ordering::Relaxed);
    });
    let builder = Bus::builder().partial().driver(driver).state(pen);
    let bus = builder.build().await.unwrap();
    let limit = Duration::from_secs(120) + Duration::from_millis(count as u64);
    let work = bus.worker().no_signals().until_empty().run();
    let ended = tokio::time::timeout(limit, work).await;
    ended.expect("the worker gets through").unwrap();
    let worked = began.elapsed();
    let counts = counted(&bus).await.unwrap();
    let [completed, dead] = [JobState::Completed, JobState::Dead].map(|state| {
        let number = counts.get(&state).copied().unwrap_or_default();
        usize::try_from(number).unwrap()
    });
    assert_eq!((completed, dead), (good, count - good), "{counts:?}");
    assert_eq!(executed.load(Ordering::Relaxed), good);
    let stats = bus.stats();
    let parked = u64::try_from(dead).unwrap();
    assert_eq!(
        (stats.parked, stats.dead, stats.lease_lost),
        (parked, parked, 0)
    );
    assert_eq!(stats.store_errors, 0);
    if count <= 10_000 {
        each_is_explained(&bus).await;
    }
    println!("{good} good and {dead} hostile rows: stored in {stored:?}, worked in {worked:?}");
}

/// A person sees each hostile row and why it was parked.
async fn each_is_explained(bus: &Bus) {
    let rows = rows(bus).await;
    for row in rows.iter().filter(|row| row.state == JobState::Dead) {
        let kinds: Vec<_> = row.failures.iter().map(|failure| failure.kind).collect();
        assert_eq!(
            (row.attempts, &kinds[..]),
            (0, &[FailureKind::Parked][..]),
            "{row:?}"
        );
        assert!(
            row.reason.as_ref().is_some_and(|reason| reason.len() > 10),
            "{row:?}"
        );
    }
    let ids = rows.iter().map(|row| row.id).collect();
    let jobs = bus.jobs().await.unwrap();
    let deleted = jobs.delete(&bus::driver::Selection::Ids(ids)).await;
    let deleted = deleted.unwrap_or_else(|error| panic!("{}", chain(&error)));
    assert_eq!(deleted as usize, rows.len(), "each can be deleted");
}
