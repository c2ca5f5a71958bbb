//! Workers: which queues, in which order, how much at a time, when they end, and how they stop
//! without losing anything.
//!
//! `cargo run --example workers`
use bus::driver::JobFilter;
use bus::job::JobState;
use bus::prelude::*;
use bus::{BoxError, CancellationToken};
use bus_examples::Folder;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

#[job]
struct Say(String);

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

#[handler]
async fn say(job: Say, heard: &Heard) {
    heard.0.lock().expect("no handler panics").push(job.0);
}

/// Waits for something else, as most jobs do; how many at once is counted.
#[job]
struct Fetch;

#[derive(Default)]
struct Load {
    now: AtomicUsize,
    most: AtomicUsize,
}

#[handler]
async fn fetch(_: Fetch, load: &Load) {
    let now = load.now.fetch_add(1, Ordering::SeqCst) + 1;
    load.most.fetch_max(now, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(5)).await;
    load.now.fetch_sub(1, Ordering::SeqCst);
}

/// Has more to do than the worker has time.
#[job]
struct Import;

#[handler]
async fn import(_: Import, begun: &Notify) {
    begun.notify_one();
    std::future::pending().await
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let folder = Folder::new("workers")?;
    let bus = Bus::builder()
        .store(folder.store())
        .state(Heard::default())
        .state(Load::default())
        .state(Notify::new())
        .build()
        .await?;
    order(&bus).await?;
    limits(&bus).await?;
    stop(&bus).await
}

fn say_it(word: &str) -> Say {
    Say(word.into())
}

/// The urgent first, then by age; of several queues the first one first, or by weight.
async fn order(bus: &Bus) -> Result<(), BoxError> {
    let heard = || {
        let heard = bus.state::<Heard>().expect("it was given");
        std::mem::take(&mut *heard.0.lock().expect("no handler panics"))
    };
    bus.dispatch(say_it("first").priority(0)).await?;
    bus.dispatch(say_it("urgent").priority(50)).await?;
    bus.dispatch(say_it("never mind").priority(-50)).await?;
    bus.worker().concurrency(1).until_empty().run().await?;
    assert_eq!(heard(), ["urgent", "first", "never mind"]);

    bus.dispatch(say_it("slow").on_queue("bulk")).await?;
    bus.dispatch(say_it("quick").on_queue("critical")).await?;
    let strict = bus.worker().strict_queues(["critical", "bulk"]);
    strict.concurrency(1).until_empty().run().await?;
    assert_eq!(heard(), ["quick", "slow"]);

    for _ in 0..40 {
        bus.dispatch(say_it("bulk").on_queue("bulk")).await?;
        bus.dispatch(say_it("critical").on_queue("critical"))
            .await?;
    }
    let weighted = bus.worker().queues([("critical", 3), ("bulk", 1)]);
    weighted
        .concurrency(1)
        .prefetch(0)
        .max_jobs(40)
        .run()
        .await?;
    let heard = heard();
    let critical = heard.iter().filter(|word| *word == "critical").count();
    println!("of 40 jobs {critical} were critical");
    assert_eq!(critical, 30, "three of four, while both have work");
    let rest = bus.worker().until_empty();
    rest.run().await?;
    Ok(())
}

/// At most so many at once, at most so many in all, at most so long.
async fn limits(bus: &Bus) -> Result<(), BoxError> {
    let load = bus.state::<Load>().ok_or("it was given")?;
    bus.dispatch_all((0..50).map(|_| Fetch)).await?;
    bus.worker().concurrency(8).max_jobs(30).run().await?;
    println!("30 jobs, {} at once", load.most.load(Ordering::SeqCst));
    assert!(load.most.load(Ordering::SeqCst) <= 8);
    let jobs = bus.jobs().await?;
    let waiting = jobs
        .list(&JobFilter::state(JobState::Available), Default::default())
        .await?;
    assert_eq!(waiting.jobs.len(), 20);
    bus.worker()
        .max_time(Duration::from_millis(200))
        .until_empty()
        .run()
        .await?;
    Ok(())
}

/// A worker that is told to stop waits for what runs; what does not end in time goes back.
async fn stop(bus: &Bus) -> Result<(), BoxError> {
    let ticket = bus.dispatch(Import).await?;
    let begun = bus.state::<Notify>().ok_or("it was given")?;
    let told = CancellationToken::new();
    let worker = bus
        .worker()
        .grace(Duration::from_millis(50))
        .stop_on(told.clone());
    let worker = tokio::spawn(worker.run());
    begun.notified().await;
    println!("{:#?}", bus.health().await);
    told.cancel(); // what ctrl-c and SIGTERM do
    worker.await??;
    let job = ticket.status().await?.ok_or("nothing is lost")?;
    println!("the import is {} again", job.state);
    assert_eq!((job.state, job.attempts), (JobState::Available, 0));
    Ok(())
}
