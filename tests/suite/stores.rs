//! Jobs end to end on each store: the same program, another URL.
use super::work::beside;
use bus::prelude::*;
use bus::{Ticket, WaitError};
use bus_tests::{Postgres, Redis, Sqlite};
use std::time::Duration;

#[job(output = u64, retries = 2, backoff = "fixed(1ms)")]
struct Square(u64);

#[handler]
async fn square(job: Square, info: bus::JobInfo) -> Result<u64, String> {
    match job.0 % 10 {
        3 if info.attempt == 1 => Err("not yet".into()),
        7 => Err("never".into()),
        9 => {
            tokio::time::sleep(Duration::from_millis(2)).await;
            Ok(job.0 * job.0)
        }
        _ => Ok(job.0 * job.0),
    }
}

async fn open(url: &str) -> Bus {
    let bus = Bus::builder().partial().store(url).build().await;
    bus.unwrap_or_else(|error| panic!("{error}"))
}

/// Waits for each ticket and compares its end with what the handler says.
async fn check(tickets: Vec<Ticket<Square>>) {
    for (number, ticket) in (0_u64..).zip(tickets) {
        match (number % 10, ticket.wait().await) {
            (
                7,
                Err(WaitError::Dead {
                    reason, failure, ..
                }),
            ) => {
                assert_eq!((reason.as_str(), failure.unwrap().attempt), ("never", 3));
            }
            (_, Ok(output)) => assert_eq!(output, number * number),
            (_, Err(error)) => panic!("{number}: {error}"),
        }
    }
}

/// Dispatched by one program, run by two others.
async fn two_workers_share_the_work(url: &str) {
    let (front, one, two) = (open(url).await, open(url).await, open(url).await);
    let tickets = front.dispatch_all((0..600).map(Square)).await.unwrap();
    let workers = [&one, &two].map(|bus| beside(bus.worker().concurrency(8)));
    check(tickets).await;
    let late = front
        .dispatch(Square(5).delay(Duration::from_millis(30)))
        .await;
    assert_eq!(late.unwrap().wait().await.unwrap(), 25);
    for worker in workers {
        worker.end().await;
    }
    let sum = |count: fn(&bus::Stats) -> u64| count(&one.stats()) + count(&two.stats());
    assert_eq!(sum(|stats| stats.completed), 541);
    assert_eq!(sum(|stats| stats.dead), 60);
    assert_eq!(sum(|stats| stats.retried), 180);
    assert_eq!(sum(|stats| stats.lease_lost), 0);
    assert_eq!(sum(|stats| stats.store_errors), 0);
    assert!(
        front
            .jobs()
            .await
            .unwrap()
            .workers()
            .await
            .unwrap()
            .is_empty()
    );
}

/// Dispatched by the program that works.
async fn one_at_a_time(url: &str) {
    let bus = open(url).await;
    let worker = beside(bus.worker());
    for number in 0..30 {
        let ticket = bus.dispatch(Square(number * 10)).await.unwrap();
        assert_eq!(ticket.wait().await.unwrap(), number * number * 100);
    }
    worker.end().await;
    let stats = bus.stats();
    assert_eq!(stats.completed, 30);
    assert_eq!(stats.claimed + stats.handed_off, 30, "{stats:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_runs_jobs() {
    let store = Sqlite::new();
    two_workers_share_the_work(&store.url()).await;
    one_at_a_time(&store.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_runs_jobs() {
    let store = Postgres::create().await;
    two_workers_share_the_work(&store.url()).await;
    one_at_a_time(&store.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_runs_jobs() {
    let store = Redis::new();
    let url = format!("{}?prefix={}", store.url(), store.prefix());
    two_workers_share_the_work(&url).await;
    one_at_a_time(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_runs_jobs() {
    two_workers_share_the_work("memory:stores_two").await;
    one_at_a_time("memory:stores_one").await;
}

#[job]
struct Hello;

#[handler]
async fn hello(_: Hello) {}

/// SQLite tells that another process stored something, not in which queue.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_of_all_queues_learns_of_a_new_one_from_another_process() {
    let store = Sqlite::new();
    let (front, back) = (open(&store.url()).await, open(&store.url()).await);
    let worker = beside(back.worker());
    for number in 0..5 {
        let begun = tokio::time::Instant::now();
        let job = Hello.on_queue(format!("new-{number}"));
        front.dispatch(job).await.unwrap().wait().await.unwrap();
        // It looks by itself only each five seconds.
        assert!(
            begun.elapsed() < Duration::from_secs(4),
            "{:?}",
            begun.elapsed()
        );
    }
    worker.end().await;
}
