//! Jobs that wait for the commit of the caller's transaction.
use super::work::{beside, bus, drain, only, stored};
use bus::driver::{Driver, Synchronous};
use bus::drivers::SqliteDriver;
use bus::job::JobState;
use bus::prelude::*;
use bus::{Commit, CommitError, Error, Tx};
use bus_tests::{Postgres, Probe, Sqlite};
use sqlx::PgPool;
use std::sync::Arc;

#[job]
struct Mail {
    #[validate(length(min = 1))]
    to: String,
}

#[handler]
async fn mail(job: Mail, cx: &Context, probe: &Probe<(String, bool)>) {
    probe.tell((job.to, cx.causation_id().is_some()));
}

fn to(name: &str) -> Mail {
    Mail { to: name.into() }
}

#[tokio::test]
async fn a_job_waits_for_a_commit_of_postgres_whatever_the_store() {
    let database = Postgres::create().await;
    let pool = PgPool::connect(&database.url()).await.unwrap();
    let make = sqlx::raw_sql("create table orders (n bigint)");
    make.execute(&pool).await.unwrap();
    let bus = bus().await;
    for (commits, order) in [(false, 1_i64), (true, 2)] {
        let mut tx = bus.after_commit(pool.begin().await.unwrap());
        let insert = sqlx::query("insert into orders values ($1)").bind(order);
        insert.execute(&mut **tx).await.unwrap();
        to("ann").dispatch_after_commit(&tx).unwrap();
        to("bob").delay(MINUTE).dispatch_after_commit(&tx).unwrap();
        assert_eq!(stored(&bus).await, [], "not before the commit");
        match commits {
            true => tx.commit().await.unwrap(),
            false => tx.rollback().await.unwrap(),
        }
        assert_eq!(stored(&bus).await.len(), if commits { 2 } else { 0 });
    }
    let dropped = bus.after_commit(pool.begin().await.unwrap());
    to("carol").dispatch_after_commit(&dropped).unwrap();
    drop(dropped);
    assert_eq!(stored(&bus).await.len(), 2);
    let rows = sqlx::query_scalar("select n from orders");
    let rows: Vec<i64> = rows.fetch_all(&pool).await.unwrap();
    assert_eq!(rows, [2]);
    // In a task of its own, so what it waits for can move between threads.
    let task = tokio::spawn(async move {
        let tx = bus.after_commit(pool.begin().await.unwrap());
        to("dave").dispatch_after_commit(&tx).unwrap();
        tx.commit().await.unwrap();
        stored(&bus).await.len()
    });
    assert_eq!(task.await.unwrap(), 3);
}

#[tokio::test]
async fn a_job_waits_for_a_commit_of_sqlite() {
    let store = Sqlite::new();
    let builder = Bus::builder().partial().store(store.url());
    let bus = builder.build().await.unwrap();
    let mut own = rusqlite::Connection::open(store.path()).unwrap();
    own.execute_batch("create table orders (n integer)")
        .unwrap();
    for commits in [false, true] {
        let tx = bus.after_commit(own.transaction().unwrap());
        tx.execute("insert into orders values (7)", ()).unwrap();
        let id = to("ann").dispatch_after_commit(&tx).unwrap();
        match commits {
            true => {
                tx.commit().await.unwrap();
                assert_eq!(only(&bus).await.id, id);
            }
            false => {
                tx.rollback().await.unwrap();
                assert_eq!(stored(&bus).await, []);
            }
        }
    }
    let count = own.query_row("select count(*) from orders", (), |row| {
        row.get::<_, i64>(0)
    });
    assert_eq!(count.unwrap(), 1);
}

/// A transaction of the program's own.
struct Own {
    commits: bool,
}

impl Commit for Own {
    type Error = std::io::Error;

    async fn commit(self) -> Result<(), std::io::Error> {
        match self.commits {
            true => Ok(()),
            false => Err(std::io::Error::other("the disk is full")),
        }
    }

    async fn roll_back(self) -> Result<(), std::io::Error> {
        Ok(())
    }
}

#[tokio::test]
async fn a_commit_that_fails_stores_nothing() {
    let bus = bus().await;
    let tx = bus.after_commit(Own { commits: false });
    to("ann").dispatch_after_commit(&tx).unwrap();
    let error = tx.commit().await.unwrap_err();
    assert!(matches!(error, CommitError::Transaction(_)), "{error:?}");
    assert_eq!(stored(&bus).await, []);
    let tx = bus.after_commit(());
    to("ann").dispatch_after_commit(&tx).unwrap();
    let commit = async |(): ()| Ok::<_, std::io::Error>(());
    tx.commit_with(commit).await.unwrap();
    assert_eq!(stored(&bus).await.len(), 1);
}

#[tokio::test]
async fn a_refused_job_is_told_while_the_transaction_can_be_rolled_back() {
    let bus = bus().await;
    let tx = bus.after_commit(Own { commits: true });
    let refused = to("").dispatch_after_commit(&tx);
    assert!(matches!(refused, Err(Error::Invalid(_))));
    to("ann").dispatch_after_commit(&tx).unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stored(&bus).await.len(), 1);
    let tx = Context::new().after_commit(Own { commits: true });
    let nowhere = to("ann").dispatch_after_commit(&tx);
    assert!(matches!(nowhere, Err(Error::Store { .. })));
}

#[tokio::test]
async fn what_the_store_does_not_take_can_be_stored_again() {
    let store = Sqlite::new();
    let builder = Bus::builder().partial().manual_migration();
    let bus = builder.store(store.url()).build().await.unwrap();
    let tx = bus.after_commit(Own { commits: true });
    let id = to("ann").dispatch_after_commit(&tx).unwrap();
    let Err(CommitError::Jobs(lost)) = tx.commit().await else {
        panic!("the store has no tables yet");
    };
    let text = "the transaction is committed, but 1 of its jobs are not stored";
    assert_eq!(lost.to_string(), text);
    let lost = lost.store_again().await.unwrap_err();
    assert_eq!(lost.ids().collect::<Vec<_>>(), [id]);
    bus.migrate().await.unwrap();
    lost.store_again().await.unwrap();
    assert_eq!(only(&bus).await.id, id);
}

#[job(retries = 1, backoff = "fixed(1ms)")]
struct Book {
    touches: bool,
}

#[handler]
async fn book(job: Book, tx: Tx<sqlx::Postgres>, info: bus::JobInfo) -> Result<(), bus::BoxError> {
    to(&format!("attempt {}", info.attempt)).dispatch_after_commit(&tx)?;
    if job.touches {
        let mut connection = tx.connection().await?;
        let insert = sqlx::query("insert into orders values (1)");
        insert.execute(&mut *connection).await?;
    }
    match info.attempt {
        1 => Err("not yet".into()),
        _ => Ok(()),
    }
}

#[job(retries = 1, backoff = "fixed(1ms)")]
struct BookHere {
    touches: bool,
}

#[handler]
fn book_here(job: BookHere, tx: Tx<bus::Sqlite>, info: bus::JobInfo) -> Result<(), bus::BoxError> {
    if job.touches {
        let connection = tx.connection()?;
        connection.execute("insert into orders values (1)", ())?;
    }
    to(&format!("attempt {}", info.attempt)).dispatch_after_commit(&tx)?;
    match info.attempt {
        1 => Err("not yet".into()),
        _ => Ok(()),
    }
}

/// The follower of the attempt that failed is never stored, that of the other one once.
async fn follows<J: bus::job::Job>(bus: &Bus, probe: &Probe<(String, bool)>, jobs: [J; 2])
where
    J::Output: std::fmt::Debug,
    J::Failure: std::fmt::Debug,
{
    let worker = beside(bus.worker());
    for job in jobs {
        bus.dispatch(job.pending())
            .await
            .unwrap()
            .wait()
            .await
            .unwrap();
    }
    let heard = probe.count(2).await;
    worker.end().await;
    drain(bus).await;
    let second = ("attempt 2".to_owned(), true);
    assert_eq!(heard, [second.clone(), second]);
    assert_eq!(probe.heard().len(), 2);
    assert!(
        stored(bus)
            .await
            .iter()
            .all(|job| job.state == JobState::Completed)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handlers_transaction_stores_what_follows_in_postgres() {
    let (store, probe) = (Postgres::create().await, Probe::new());
    let pool = PgPool::connect(&store.url()).await.unwrap();
    let make = sqlx::raw_sql("create table orders (n bigint)");
    make.execute(&pool).await.unwrap();
    let builder = Bus::builder().partial().store(store.url());
    let builder = builder.state(pool.clone()).state(probe.clone());
    let bus = builder.build().await.unwrap();
    let jobs = [true, false].map(|touches| Book { touches });
    follows(&bus, &probe, jobs).await;
    let orders = sqlx::query_scalar("select count(*) from orders");
    let orders: i64 = orders.fetch_one(&pool).await.unwrap();
    assert_eq!(orders, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handlers_transaction_stores_what_follows_in_sqlite() {
    let (store, probe) = (Sqlite::new(), Probe::new());
    let driver = SqliteDriver::open(&store.path(), Synchronous::Full).await;
    let driver = Arc::new(driver.unwrap());
    let own = driver.connection().unwrap();
    own.execute_batch("create table orders (n integer)")
        .unwrap();
    let shared: Arc<dyn Driver> = driver;
    let builder = Bus::builder().partial().driver(shared).state(probe.clone());
    let bus = builder.build().await.unwrap();
    let jobs = [true, false].map(|touches| BookHere { touches });
    follows(&bus, &probe, jobs).await;
    let orders = own.query_row("select count(*) from orders", (), |row| {
        row.get::<_, i64>(0)
    });
    assert_eq!(orders.unwrap(), 1);
}
