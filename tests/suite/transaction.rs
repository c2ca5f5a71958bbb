//! Jobs and the program's own data in one transaction.
use super::work::{beside, drain, only, stored};
use bus::driver::{Driver, Synchronous};
use bus::drivers::SqliteDriver;
use bus::job::JobState;
use bus::prelude::*;
use bus::{Tx, WaitError};
use bus_tests::{Postgres, Sqlite};
use sqlx::PgPool;
use std::sync::Arc;

#[job(output = i64, retries = 1, backoff = "fixed(1ms)")]
struct Count {
    fail: bool,
}

#[handler]
async fn count(
    job: Count,
    tx: Tx<sqlx::Postgres>,
    info: bus::JobInfo,
) -> Result<i64, bus::BoxError> {
    let mut connection = tx.connection().await?;
    let counted = sqlx::query_scalar("update counter set n = n + 1 returning n");
    let counted: i64 = counted.fetch_one(&mut *connection).await?;
    match job.fail && info.attempt == 1 {
        true => Err("the first time".into()),
        false => Ok(counted),
    }
}

async fn counter(store: &Postgres) -> (Bus, PgPool) {
    let pool = PgPool::connect(&store.url()).await.unwrap();
    let make = sqlx::raw_sql("create table counter (n bigint); insert into counter values (0)");
    make.execute(&pool).await.unwrap();
    let builder = Bus::builder().partial().store(store.url());
    (builder.state(pool.clone()).build().await.unwrap(), pool)
}

async fn number(pool: &PgPool) -> i64 {
    let number = sqlx::query_scalar("select n from counter");
    number.fetch_one(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_commits_the_work_with_the_job() {
    let store = Postgres::create().await;
    let (bus, pool) = counter(&store).await;
    let worker = beside(bus.worker());
    let ticket = bus.dispatch(Count { fail: false }).await.unwrap();
    assert_eq!(ticket.wait().await.unwrap(), 1);
    let ticket = bus.dispatch(Count { fail: true }).await.unwrap();
    assert_eq!(
        ticket.wait().await.unwrap(),
        2,
        "the failed attempt left nothing"
    );
    assert_eq!(number(&pool).await, 2);
    worker.end().await;
    assert_eq!((bus.stats().completed, bus.stats().retried), (2, 1));
}

#[tokio::test]
async fn a_transaction_needs_a_job_and_its_store() {
    let bus = Bus::builder()
        .partial()
        .store("memory:")
        .build()
        .await
        .unwrap();
    let now = bus.dispatch_now(Count { fail: false }).await;
    assert!(matches!(now, Err(bus::Error::Rejected { .. })), "{now:?}");
}

#[tokio::test]
async fn postgres_stores_a_job_if_and_only_if_the_transaction_commits() {
    let store = Postgres::create().await;
    let (bus, pool) = counter(&store).await;
    for commits in [false, true] {
        let mut transaction = pool.begin().await.unwrap();
        let add = sqlx::query("update counter set n = n + 10");
        add.execute(&mut *transaction).await.unwrap();
        let job = Count { fail: false };
        let promised = bus.scope(job.dispatch_in(&mut transaction)).await.unwrap();
        assert_eq!(stored(&bus).await, [], "others do not see it yet");
        if commits {
            transaction.commit().await.unwrap();
            let ticket = promised.committed();
            assert_eq!(only(&bus).await.state, JobState::Available);
            drain(&bus).await;
            assert_eq!(ticket.wait().await.unwrap(), 11);
        } else {
            transaction.rollback().await.unwrap();
            assert_eq!(stored(&bus).await, []);
        }
    }
}

#[job(output = u64, retries = 1, backoff = "fixed(1ms)")]
struct Note {
    fail: bool,
}

#[handler]
fn note(job: Note, tx: Tx<bus::Sqlite>, info: bus::JobInfo) -> Result<u64, bus::BoxError> {
    let connection = tx.connection()?;
    connection.execute("insert into notes default values", ())?;
    let count =
        connection.query_row("select count(*) from notes", (), |row| row.get::<_, i64>(0))?;
    match job.fail && info.attempt == 1 {
        true => Err("the first time".into()),
        false => Ok(u64::try_from(count)?),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_commits_the_work_with_the_job() {
    let store = Sqlite::new();
    let driver = SqliteDriver::open(&store.path(), Synchronous::Full)
        .await
        .unwrap();
    let driver = Arc::new(driver);
    let shared: Arc<dyn Driver> = driver.clone();
    let bus = Bus::builder()
        .partial()
        .driver(shared)
        .build()
        .await
        .unwrap();
    let mut own = driver.connection().unwrap();
    own.execute_batch("create table notes (id integer primary key)")
        .unwrap();
    let worker = beside(bus.worker());
    for (fail, count) in [(false, 1), (true, 2)] {
        let ticket = bus.dispatch(Note { fail }).await.unwrap();
        assert_eq!(ticket.wait().await.unwrap(), count);
    }
    worker.end().await;
    assert_eq!((bus.stats().completed, bus.stats().retried), (2, 1));
    let mut transaction = own.transaction().unwrap();
    let job = Note { fail: false }.dispatch_in(&mut transaction);
    let promised = bus.scope(job).await.unwrap();
    transaction.commit().unwrap();
    let ticket = promised.committed();
    drain(&bus).await;
    match ticket.wait().await {
        Ok(count) => assert_eq!(count, 3),
        Err(WaitError::Dead { reason, .. }) => panic!("{reason}"),
        Err(other) => panic!("{other}"),
    }
}
