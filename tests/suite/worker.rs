//! A worker: what it takes first, how much at once, what it does with what it can't run.
use super::work::{beside, bus, drain, only, stored};
use bus::WaitError;
use bus::codec::Envelope;
use bus::driver::{Driver, Selection};
use bus::drivers::MemoryDriver;
use bus::id::{CommandName, QueueName};
use bus::job::{FailureKind, JobOptions, JobState, NewJob};
use bus::prelude::*;
use bus_tests::Probe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

#[job]
struct Say(u32);

#[handler]
async fn say(job: Say, probe: &Probe<u32>) {
    probe.tell(job.0);
}

async fn heard_bus(probe: &Probe<u32>) -> Bus {
    let builder = Bus::builder()
        .partial()
        .store("memory:")
        .state(probe.clone());
    builder.build().await.unwrap()
}

#[tokio::test]
async fn the_urgent_first_and_then_by_age() {
    let probe = Probe::new();
    let bus = heard_bus(&probe).await;
    for (number, priority) in [(1, 0), (2, 5), (3, -5), (4, 5)] {
        bus.dispatch(Say(number).priority(priority)).await.unwrap();
    }
    bus.worker()
        .no_signals()
        .concurrency(1)
        .until_empty()
        .run()
        .await
        .unwrap();
    assert_eq!(probe.heard(), [2, 4, 1, 3]);
}

#[tokio::test]
async fn strict_queues_are_worked_off_in_order_and_others_left() {
    let probe = Probe::new();
    let bus = heard_bus(&probe).await;
    for (number, queue) in [(1, "low"), (2, "high"), (3, "other"), (4, "high")] {
        bus.dispatch(Say(number).on_queue(queue)).await.unwrap();
    }
    let worker = bus.worker().no_signals().strict_queues(["high", "low"]);
    worker.concurrency(1).until_empty().run().await.unwrap();
    assert_eq!(probe.heard(), [2, 4, 1]);
    assert_eq!(only(&bus).await.queue.as_str(), "other");
}

#[tokio::test]
async fn a_worker_of_all_queues_learns_of_a_new_one_at_once() {
    let probe = Probe::new();
    let bus = heard_bus(&probe).await;
    let worker = beside(bus.worker());
    bus.dispatch(Say(1).on_queue("new")).await.unwrap();
    probe.count(1).await;
    worker.end().await;
}

#[tokio::test]
async fn max_jobs_ends_the_worker_and_leaves_the_rest() {
    let probe = Probe::new();
    let bus = heard_bus(&probe).await;
    bus.dispatch_all((0..10).map(Say)).await.unwrap();
    beside(bus.worker().max_jobs(4)).ended().await;
    assert_eq!(probe.heard().len(), 4);
    assert_eq!(stored(&bus).await.len(), 6);
}

#[job]
struct Hold;

struct Gate {
    open: Semaphore,
    inside: AtomicUsize,
    most: AtomicUsize,
}

#[handler]
async fn hold(_: Hold, gate: &Gate, probe: &Probe<u32>) {
    let inside = gate.inside.fetch_add(1, Ordering::SeqCst) + 1;
    gate.most.fetch_max(inside, Ordering::SeqCst);
    probe.tell(0);
    gate.open.acquire().await.unwrap().forget();
    gate.inside.fetch_sub(1, Ordering::SeqCst);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_run_at_once_than_the_concurrency_says() {
    let probe = Probe::<u32>::new();
    let gate = Arc::new(Gate {
        open: Semaphore::new(0),
        inside: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
    });
    let builder = Bus::builder()
        .partial()
        .store("memory:")
        .state(probe.clone());
    let bus = builder.state_arc(Arc::clone(&gate)).build().await.unwrap();
    bus.dispatch_all((0..12).map(|_| Hold)).await.unwrap();
    let worker = beside(bus.worker().concurrency(3).until_empty());
    probe.count(3).await;
    gate.open.add_permits(12);
    worker.ended().await;
    assert_eq!(bus.stats().completed, 12);
    assert_eq!(gate.most.load(Ordering::SeqCst), 3);
}

#[job(output = bool)]
struct Block;

#[handler]
fn block(_: Block) -> bool {
    // Not permitted on a thread that drives tasks, so this is another one.
    tokio::runtime::Handle::current().block_on(async { true })
}

#[tokio::test]
async fn a_plain_function_runs_where_it_may_block() {
    let bus = bus().await;
    let ticket = bus.dispatch(Block).await.unwrap();
    drain(&bus).await;
    assert!(ticket.wait().await.unwrap());
}

#[job]
struct Burst;

#[handler]
async fn burst(_: Burst) {
    panic!("out of {}", "steam");
}

#[tokio::test]
async fn a_panic_is_a_failure_with_its_message_and_place() {
    let bus = bus().await;
    let ticket = bus.dispatch(Burst).await.unwrap();
    drain(&bus).await;
    let Err(WaitError::Dead { failure, .. }) = ticket.wait().await else {
        panic!("it is dead");
    };
    let failure = failure.unwrap();
    assert_eq!(
        (failure.kind, failure.message.as_str()),
        (FailureKind::Panic, "out of steam")
    );
    assert!(failure.place.unwrap().contains("worker.rs:"));
}

#[tokio::test]
async fn what_nobody_can_run_is_parked_and_the_others_go_on() {
    let driver: Arc<dyn Driver> = Arc::new(MemoryDriver::new());
    let probe = Probe::<u32>::new();
    let builder = Bus::builder().partial().driver(Arc::clone(&driver));
    let bus = builder.state(probe.clone()).build().await.unwrap();
    let now = bus::clock::Timestamp::EPOCH;
    let say = <Say as Command>::DESCRIPTOR.name;
    let rows = [
        ("no::such", 1, "{}"),
        (say, 9, "1"),
        (say, 1, "\"x\""),
        (say, 1, "\u{0}"),
    ];
    let rows = rows.map(|(name, version, body)| {
        let envelope = Envelope::new(CommandName::new(name).unwrap(), version, body);
        NewJob::new(envelope, &JobOptions::DEFAULT, now)
    });
    driver.push(rows.to_vec(), now).await.unwrap();
    bus.dispatch(Say(7)).await.unwrap();
    drain(&bus).await;
    assert_eq!(probe.heard(), [7]);
    let parked = stored(&bus).await;
    assert_eq!(parked.len(), 4);
    for job in &parked {
        assert_eq!((job.state, job.attempts), (JobState::Dead, 0), "{job:?}");
        assert_eq!(job.failures[0].kind, FailureKind::Parked);
    }
    let reason = |at: usize| parked[at].reason.clone().unwrap();
    assert_eq!(reason(0), "job `no::such` is not known to this program");
    assert!(reason(1).ends_with("is stored in version 9, this program knows 1"));
    assert_eq!(bus.stats().parked, 4);
}

#[job]
struct Endless;

#[handler]
async fn endless(_: Endless, cx: &Context, probe: &Probe<u32>) {
    struct Dropped<'a>(&'a Probe<u32>);
    impl Drop for Dropped<'_> {
        fn drop(&mut self) {
            self.0.tell(2);
        }
    }
    let _dropped = Dropped(probe);
    probe.tell(1);
    cx.cancelled().await;
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_person_can_end_a_running_job() {
    let probe = Probe::new();
    let bus = heard_bus(&probe).await;
    let worker = beside(bus.worker().lease(SECOND));
    let ticket = bus.dispatch(Endless).await.unwrap();
    probe.count(1).await;
    let one = Selection::Ids(vec![ticket.id()]);
    let jobs = bus.jobs().await.unwrap();
    assert_eq!(jobs.cancel(&one, "enough").await.unwrap().requested, 1);
    assert!(matches!(
        ticket.wait().await,
        Err(WaitError::Cancelled { .. })
    ));
    assert_eq!(probe.heard(), [1, 2]);
    worker.end().await;
}

#[tokio::test]
async fn a_paused_queue_waits_and_a_resumed_one_goes_on() {
    let probe = Probe::new();
    let bus = heard_bus(&probe).await;
    let jobs = bus.jobs().await.unwrap();
    assert!(
        jobs.pause(&QueueName::DEFAULT, Some("repairs"))
            .await
            .unwrap()
    );
    bus.dispatch(Say(1)).await.unwrap();
    drain(&bus).await;
    assert_eq!(probe.heard(), Vec::<u32>::new());
    let worker = beside(bus.worker());
    assert!(jobs.resume(&QueueName::DEFAULT).await.unwrap());
    probe.count(1).await;
    worker.end().await;
    let health = bus.health().await;
    assert!(
        health.is_ok() && health.store == Some("memory"),
        "{health:?}"
    );
}
