//! Handlers whose work commits together with the job: whatever is killed, each job counts once.
use super::audit::{all_over, audit};
use super::crew::Pen;
use super::kill::{Crew, HANDS, rounds};
use super::place::Place;
use crate::work::beside;
use bus::prelude::*;
use bus::{BoxError, JobInfo, Tx};
use bus_tests::{Postgres, until};
use sqlx::{ConnectOptions, PgPool};
use std::time::Duration;

#[job(name = "faults.count", output = u32, retries = 1000, backoff = "fixed(1ms)", retain = "1h")]
struct Count {
    /// In milliseconds, between the work and its commit.
    takes: u64,
    /// The first attempt fails, after its work.
    fails: bool,
}

#[handler]
async fn count(
    job: Count,
    tx: Tx<sqlx::Postgres>,
    info: JobInfo,
    pen: &Pen,
) -> Result<u32, BoxError> {
    let mut connection = tx.connection().await?;
    let counted = sqlx::query("update counter set n = n + 1");
    counted.execute(&mut *connection).await?;
    tokio::time::sleep(Duration::from_millis(job.takes)).await;
    pen.end(&info, job.fails)
}

#[job(name = "faults.note", output = u32, retries = 1000, backoff = "fixed(1ms)", retain = "1h")]
struct Note {
    takes: u64,
    fails: bool,
}

#[handler]
fn note(job: Note, tx: Tx<bus::Sqlite>, info: JobInfo, pen: &Pen) -> Result<u32, BoxError> {
    let connection = tx.connection()?;
    connection.execute("update counter set n = n + 1", ())?;
    std::thread::sleep(Duration::from_millis(job.takes));
    pen.end(&info, job.fails)
}

/// Kills those who count, and gives how many jobs there were.
async fn counted<J: bus::job::Job>(place: &Place, job: impl Fn(u64, bool) -> J) -> i64 {
    let bus = place.bus().await;
    let mut crew = Crew::new(place, false);
    let mut all = 0;
    for _ in 0..rounds().div_ceil(2) {
        let count = crew.dice.within(5..25);
        let mut one = || job(crew.dice.within(0..4), crew.dice.one_in(8));
        let some: Vec<J> = (0..count).map(|_| one()).collect();
        all += i64::try_from(some.len()).unwrap();
        let tickets = bus.dispatch_all(some).await.unwrap();
        crew.told.stored.extend(tickets.iter().map(bus::Ticket::id));
        crew.kill_one().await;
        crew.hire_up_to(HANDS);
    }
    all_over(&bus).await;
    crew.end().await;
    audit(&bus, &crew.told).await;
    crew.told.report(&format!("{all} jobs"));
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_counts_each_job_once() {
    let place = Place::postgres().await;
    let pool = PgPool::connect(&place.url()).await.unwrap();
    let make = sqlx::raw_sql("create table counter (n bigint); insert into counter values (0)");
    make.execute(&pool).await.unwrap();
    let jobs = counted(&place, |takes, fails| Count { takes, fails }).await;
    let number = sqlx::query_scalar("select n from counter");
    let number: i64 = number.fetch_one(&pool).await.unwrap();
    assert_eq!(number, jobs);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_counts_each_job_once_though_its_connections_end() {
    let database = Postgres::create().await;
    let mut above = database.server().connect().await.unwrap();
    let pool = PgPool::connect(&database.url()).await.unwrap();
    let make = sqlx::raw_sql("create table counter (n bigint); insert into counter values (0)");
    make.execute(&pool).await.unwrap();
    let builder = Bus::builder().partial().store(database.url());
    let builder = builder.state(pool.clone()).state(Pen::new(|_| {}));
    let bus = builder.build().await.unwrap();
    let worker = beside(bus.worker().concurrency(4).lease(2 * SECOND));
    let job = |at: u64| Count {
        takes: at % 3,
        fails: at.is_multiple_of(8),
    };
    bus.dispatch_all((0..400).map(job)).await.unwrap();
    for wanted in (1..=10).map(|time| time * 30) {
        until("jobs are done", async || {
            let done = bus.stats().completed;
            if done >= wanted {
                Ok(())
            } else {
                Err(format!("{done} of {wanted}"))
            }
        })
        .await;
        let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1";
        sqlx::query(end)
            .bind(database.name())
            .execute(&mut above)
            .await
            .unwrap();
    }
    all_over(&bus).await;
    worker.end().await;
    let number = sqlx::query_scalar("select n from counter");
    let number: i64 = number.fetch_one(&pool).await.unwrap();
    assert_eq!(number, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_counts_each_job_once() {
    let file = bus_tests::Sqlite::new();
    let counter = rusqlite::Connection::open(file.path()).unwrap();
    let make = "create table counter (n integer); insert into counter values (0)";
    counter.execute_batch(make).unwrap();
    let place = Place::Sqlite(file);
    let jobs = counted(&place, |takes, fails| Note { takes, fails }).await;
    let number = counter.query_row("select n from counter", (), |row| row.get::<_, i64>(0));
    assert_eq!(number.unwrap(), jobs);
}
