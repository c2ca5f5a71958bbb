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

mod statements;

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
async fn the_driver_survives_the_end_of_all_its_connections() {
    let store = ground("").await;
    let driver = store.migrated("bus").await;
    let worker = worker(&driver).await;
    let mut wakes = driver.wake();
    // The connection that listens says so when it is open.
    assert_eq!(wakes.next().await, Some(Wake::All));
    driver
        .push(vec![job("mail"), job("mail")], START)
        .await
        .unwrap();
    let held = claim(&driver, worker, 1).await.remove(0);
    assert_eq!(wakes.next().await, Some(Wake::Queues(vec![MAIL])));

    let mut outside = store.database.server().connect().await.unwrap();
    let ended: i64 = sqlx::query_scalar(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = $1",
    )
    .bind(store.database.name())
    .fetch_one(&mut outside)
    .await
    .unwrap();
    assert!(ended >= 4, "{ended} connections were open");

    let again = job("mail");
    let pushed = until_it_works(async || driver.push(vec![again.clone()], START).await).await;
    assert_eq!(pushed, [Pushed::Stored]);
    let done = [Settlement::completed(held.lease, None, Keep::Drop)];
    let settled = until_it_works(async || driver.settle(worker, &done, START).await).await;
    assert_eq!(settled, [Settled::Applied]);
    let request = ClaimRequest::one(MAIL, 9);
    let claims = until_it_works(async || driver.claim(worker, &request, START).await).await;
    assert_eq!(claims.jobs.len(), 2);
    until_it_works(async || driver.heartbeat(&info(worker), START).await).await;
    // News may have been missed meanwhile.
    while wakes.next().await != Some(Wake::All) {}
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
async fn without_a_schema_the_error_says_what_to_do() {
    let store = ground("").await;
    let driver = bus::drivers::connect(&store.url("bus")).await.unwrap();
    let error = driver.push(vec![job("mail")], START).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permanent);
    assert!(error.source().unwrap().to_string().contains("call migrate"));
}

#[tokio::test]
async fn a_job_of_a_transaction_exists_if_it_commits() {
    let store = ground("").await;
    let driver = store.migrated("bus").await;
    let worker = worker(&driver).await;
    let mut connection = store.connection().await;
    for commits in [false, true] {
        let mut tx = connection.begin().await.unwrap();
        let same = job("mail");
        let jobs = vec![same.clone(), same.clone(), job("mail")];
        let pushed = postgres(&driver)
            .push_in(&mut tx, jobs, START)
            .await
            .unwrap();
        let twice = Pushed::Duplicate(same.id);
        assert_eq!(pushed, [Pushed::Stored, twice, Pushed::Stored]);
        assert_eq!(claim(&driver, worker, 9).await, []);
        if commits {
            tx.commit().await.unwrap();
        } else {
            tx.rollback().await.unwrap();
        }
        let mut wakes = driver.wake();
        postgres(&driver).committed(&[MAIL]);
        assert!(wakes.next().await.is_some());
        assert_eq!(
            claim(&driver, worker, 9).await.len(),
            if commits { 2 } else { 0 }
        );
    }
}

#[tokio::test]
async fn a_job_settled_in_a_transaction_is_done_if_it_commits() {
    let store = ground("").await;
    let driver = store.migrated("bus").await;
    let worker = worker(&driver).await;
    let mut connection = store.connection().await;
    connection
        .execute("create table effects (n int)")
        .await
        .unwrap();
    driver.push(vec![job("mail")], START).await.unwrap();
    let claimed = claim(&driver, worker, 1).await.remove(0);
    let next = job("mail");
    let done = Settlement::completed(claimed.lease, None, Keep::Drop).with_follow(vec![next]);
    for commits in [false, true] {
        let mut tx = connection.begin().await.unwrap();
        tx.execute("insert into effects values (1)").await.unwrap();
        let driver = postgres(&driver);
        let settled = driver
            .settle_in(&mut tx, worker, &done, START)
            .await
            .unwrap();
        assert_eq!(settled, Settled::Applied);
        if commits {
            tx.commit().await.unwrap();
        } else {
            tx.rollback().await.unwrap();
        }
    }
    let again = driver
        .settle(worker, std::slice::from_ref(&done), START)
        .await
        .unwrap();
    assert_eq!(again, [Settled::LeaseLost]);
    let effects: i64 = sqlx::query_scalar("select count(*) from effects")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!((effects, claim(&driver, worker, 9).await.len()), (1, 1));
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

/// Puts rows into the table that no version of this crate writes.
#[tokio::test]
async fn a_damaged_row_is_handed_out_and_stops_nobody() {
    let store = ground("").await;
    let driver = store.migrated("bus").await;
    let worker = worker(&driver).await;
    let jobs: Vec<NewJob> = (0..4).map(|_| job("mail")).collect();
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    driver.push(jobs, START).await.unwrap();
    let mut connection = store.connection().await;
    for (set, id) in [
        "kind = 77",
        "extras = '['",
        "headers = 'x', key_id = '\\xff'",
    ]
    .iter()
    .zip(&ids)
    {
        let damage = format!("update bus.jobs set {set} where id = $1");
        sqlx::query(AssertSqlSafe(damage))
            .bind(id.as_uuid())
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let claimed = claim(&driver, worker, 9).await;
    let damage: Vec<bool> = claimed.iter().map(|job| job.damage.is_some()).collect();
    assert_eq!(damage, [true, true, true, false]);
    assert_eq!(claimed[0].envelope.name, CommandName::UNREADABLE);
    let page = driver
        .list(&JobFilter::default(), Page::default())
        .await
        .unwrap();
    assert_eq!(page.jobs.len(), 4, "each can be seen");
    for job in claimed {
        let failure = Failure::new(FailureKind::Parked, "damaged", 0, START);
        let parked = Settlement::parked(job.lease, "damaged".to_owned(), failure);
        assert_eq!(
            driver.settle(worker, &[parked], START).await.unwrap(),
            [Settled::Applied]
        );
    }
    assert_eq!(
        driver.delete(&Selection::Ids(ids), 9, START).await.unwrap(),
        4
    );
}
