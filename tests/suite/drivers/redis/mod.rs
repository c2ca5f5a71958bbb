//! The store on Redis.

mod faults;
mod keys;
mod servers;

use std::sync::Arc;

use bus::clock::Timestamp;
use bus::codec::Envelope;
use bus::driver::{ClaimRequest, Claimed, Driver, DriverFuture, StoreUrl, WorkerInfo};
use bus::drivers::connect;
use bus::id::{CommandName, QueueName, WorkerId};
use bus::job::{JobOptions, NewJob, Priority};
use bus::testing::conformance::Ground;
use bus_tests::Redis;

mod conformance {
    bus::driver_conformance!(super::ground);
}

/// A prefix of its own; its keys go when it is dropped.
#[derive(Debug)]
struct Space(Redis);

async fn ground(_: &'static str) -> Space {
    Space(Redis::new())
}

impl Ground for Space {
    fn open(&self) -> DriverFuture<'_, Arc<dyn Driver>> {
        Box::pin(async { connect(&url(self.0.url(), self.0.prefix())).await })
    }
}

fn url(server: &str, prefix: &str) -> StoreUrl {
    format!("{server}?prefix={prefix}").parse().unwrap()
}

/// Opens the store of that prefix.
async fn open(server: &str, prefix: &str) -> Arc<dyn Driver> {
    let driver = connect(&url(server, prefix)).await.unwrap();
    driver.migrate().await.unwrap();
    driver
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + seconds * 1_000)
}

/// A job due at the start.
fn job() -> NewJob {
    let envelope = Envelope::new(CommandName::from_static("shop::Mail"), 1, r#"{"order":7}"#);
    NewJob::new(envelope, &JobOptions::DEFAULT, at(0))
}

fn job_of(priority: i16, seconds: i64) -> NewJob {
    NewJob {
        priority: Priority::new(priority).unwrap(),
        run_at: at(seconds),
        ..job()
    }
}

async fn worker(driver: &Arc<dyn Driver>) -> WorkerId {
    let info = WorkerInfo {
        id: WorkerId::new(),
        host: "here".to_owned(),
        pid: 1,
        started_at: at(0),
        lease: std::time::Duration::from_secs(30),
        queues: vec![QueueName::DEFAULT],
        slots: 8,
        expires_at: at(0),
    };
    driver.heartbeat(&info, at(0)).await.unwrap();
    info.id
}

async fn claim(
    driver: &Arc<dyn Driver>,
    worker: WorkerId,
    limit: usize,
    now: Timestamp,
) -> Vec<Claimed> {
    let request = ClaimRequest::one(QueueName::DEFAULT, limit);
    driver.claim(worker, &request, now).await.unwrap().jobs
}
