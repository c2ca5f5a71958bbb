//! The store on PostgreSQL.

use std::any::Any;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use bus::clock::Timestamp;
use bus::codec::Envelope;
use bus::driver::{
    ClaimRequest, Claimed, Driver, DriverError, DriverFuture, ErrorKind, JobFilter, Keep, Page,
    Pushed, Rescue, Selection, Settled, Settlement, StoreUrl, Wake, WorkerInfo,
};
use bus::drivers::PostgresDriver;
use bus::id::{CommandName, JobId, QueueName, WorkerId};
use bus::job::{Failure, FailureKind, JobOptions, NewJob};
use bus::testing::conformance::Ground;
use bus_tests::Postgres;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};

const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const MAIL: QueueName = QueueName::from_static("mail");

mod faults;
mod statements;
mod transactions;

mod conformance {
    bus::driver_conformance!(super::ground);
}

/// A schema in a database of its own.
#[derive(Debug)]
struct Store {
    database: Postgres,
}

async fn ground(_: &'static str) -> Store {
    let database = Postgres::create().await;
    Store { database }
}

impl Store {
    fn url(&self, schema: &str) -> StoreUrl {
        let url = self.database.url();
        let mark = if url.contains('?') { '&' } else { '?' };
        format!("{url}{mark}schema={schema}").parse().unwrap()
    }
}

impl Ground for Store {
    fn open(&self) -> DriverFuture<'_, Arc<dyn Driver>> {
        Box::pin(async { bus::drivers::connect(&self.url("bus")).await })
    }
}

fn job(queue: &'static str) -> NewJob {
    let envelope = Envelope::new(CommandName::from_static("shop::Mail"), 1, "{}");
    let mut job = NewJob::new(envelope, &JobOptions::DEFAULT, START);
    job.queue = QueueName::from_static(queue);
    job
}

fn info(id: WorkerId) -> WorkerInfo {
    WorkerInfo {
        id,
        host: "here".to_owned(),
        pid: 1,
        started_at: START,
        lease: Duration::from_secs(30),
        queues: vec![MAIL],
        slots: 8,
        expires_at: START,
    }
}

impl Store {
    async fn migrated(&self, schema: &str) -> Arc<dyn Driver> {
        let driver = bus::drivers::connect(&self.url(schema)).await.unwrap();
        driver.migrate().await.unwrap();
        driver
    }

    async fn connection(&self) -> PgConnection {
        self.database.options().connect().await.unwrap()
    }
}

async fn worker(driver: &Arc<dyn Driver>) -> WorkerId {
    let id = WorkerId::new();
    driver.heartbeat(&info(id), START).await.unwrap();
    id
}

async fn claim(driver: &Arc<dyn Driver>, worker: WorkerId, limit: usize) -> Vec<Claimed> {
    let request = ClaimRequest::one(MAIL, limit);
    driver.claim(worker, &request, START).await.unwrap().jobs
}

fn postgres(driver: &Arc<dyn Driver>) -> &PostgresDriver {
    let any: &dyn Any = &**driver;
    any.downcast_ref().unwrap()
}

/// Tries until it is done or fails for good; a store that was cut off may fail a few times.
async fn until_it_works<T>(mut call: impl AsyncFnMut() -> Result<T, DriverError>) -> T {
    for _ in 0..20 {
        match call().await {
            Ok(done) => return done,
            Err(error) => assert!(error.is_transient(), "{error:?}"),
        }
    }
    panic!("it never worked again");
}

#[tokio::test]
async fn schemas_are_stores_apart() {
    let store = ground("").await;
    let (one, two) = (store.migrated("one").await, store.migrated("order").await);
    one.push(vec![job("mail")], START).await.unwrap();
    assert_eq!(two.counts(None).await.unwrap(), []);
    let worker = worker(&two).await;
    assert_eq!(claim(&two, worker, 9).await, []);
    let mut connection = store.connection().await;
    let public: i64 = sqlx::query_scalar(
        "select count(*) from pg_class where relnamespace = 'public'::regnamespace",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(public, 0, "nothing of ours is in public");
}

#[tokio::test]
async fn one_of_many_migrates_and_a_newer_schema_is_refused() {
    let store = ground("").await;
    let mut migrations = Vec::new();
    for _ in 0..6 {
        let driver = bus::drivers::connect(&store.url("bus")).await.unwrap();
        migrations.push(tokio::spawn(async move { driver.migrate().await.unwrap() }));
    }
    let mut first = 0;
    for migration in migrations {
        let migrated = migration.await.unwrap();
        first += u32::from(migrated.from == 0);
        assert!(migrated.to > 0);
    }
    assert_eq!(first, 1);
    let mut connection = store.connection().await;
    connection
        .execute("insert into bus.migrations (version) values (9999)")
        .await
        .unwrap();
    let driver = bus::drivers::connect(&store.url("bus")).await.unwrap();
    let refused = driver.migrate().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Permanent);
    assert!(refused.source().unwrap().to_string().contains("9999"));
}

#[tokio::test]
async fn other_processes_are_woken() {
    let store = ground("").await;
    let (here, there) = (store.migrated("bus").await, store.migrated("bus").await);
    worker(&there).await;
    let mut wakes = there.wake();
    assert_eq!(wakes.next().await, Some(Wake::All));
    here.push(vec![job("mail")], START).await.unwrap();
    assert_eq!(wakes.next().await, Some(Wake::Queues(vec![MAIL])));
    let claimed = claim(&there, worker(&there).await, 1).await.remove(0);
    let ids = Selection::Ids(vec![claimed.id()]);
    here.cancel(&ids, "enough", Keep::Forever, 1, START)
        .await
        .unwrap();
    assert_eq!(
        wakes.next().await,
        Some(Wake::Queues(vec![MAIL])),
        "it has a job to end"
    );
}
