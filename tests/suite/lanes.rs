//! How a worker's lanes share its jobs: a lane takes several at once, and that holds up none of them.
use super::work::{beside, stored};
use bus::driver::Selection;
use bus::job::JobState;
use bus::prelude::*;
use bus::{Ticket, WaitError};
use bus_tests::Probe;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// How many jobs are over, for one that blocks its thread until there are enough.
#[derive(Default)]
struct Tally {
    over: Mutex<u32>,
    news: Condvar,
}

impl Tally {
    fn add(&self, more: u32) {
        *self.over.lock().unwrap() += more;
        self.news.notify_all();
    }

    fn wait(&self, enough: u32) {
        let over = self.over.lock().unwrap();
        let limit = Duration::from_secs(20);
        let waited = self
            .news
            .wait_timeout_while(over, limit, |over| *over < enough);
        assert!(!waited.unwrap().1.timed_out(), "the others are held up");
    }
}

/// Blocks its thread until so many jobs are over; 0: not at all.
#[job]
struct Step {
    blocks_until: u32,
}

#[handler]
async fn step(job: Step, tally: &Tally, probe: &Probe<&'static str>) {
    if job.blocks_until > 0 {
        probe.tell("blocked");
        tally.wait(job.blocks_until);
    }
    tally.add(1);
}

/// Enough short jobs for a lane to take many at once.
const BEFORE: u32 = 1_000;
const BEHIND: u32 = 100;
const ALL: u32 = BEFORE + 1 + BEHIND;

struct Scene {
    bus: Bus,
    tally: Arc<Tally>,
    probe: Probe<&'static str>,
    tickets: Vec<Ticket<Step>>,
}

/// Short jobs, one that blocks until `blocks_until` jobs are over, and short ones behind it.
async fn scene(blocks_until: u32) -> Scene {
    let (tally, probe) = (Arc::new(Tally::default()), Probe::new());
    let builder = Bus::builder().partial().store("memory:");
    let builder = builder.state_arc(Arc::clone(&tally)).state(probe.clone());
    let bus = builder.build().await.unwrap();
    let jobs = (0..ALL).map(|number| Step {
        blocks_until: if number == BEFORE { blocks_until } else { 0 },
    });
    let tickets = bus.dispatch_all(jobs).await.unwrap();
    Scene {
        bus,
        tally,
        probe,
        tickets,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_blocks_its_thread_does_not_hold_up_those_behind_it() {
    let scene = scene(ALL - 1).await;
    beside(scene.bus.worker().until_empty()).ended().await;
    assert_eq!(scene.bus.stats().completed, u64::from(ALL));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_can_end_one_that_waits_behind_one_that_blocks() {
    let mut scene = scene(ALL).await;
    let worker = beside(scene.bus.worker().concurrency(1).lease(SECOND));
    scene.probe.count(1).await;
    let next = scene.tickets.remove(BEFORE as usize + 1);
    let one = Selection::Ids(vec![next.id()]);
    let jobs = scene.bus.jobs().await.unwrap();
    assert_eq!(jobs.cancel(&one, "enough").await.unwrap().requested, 1);
    assert!(matches!(
        next.wait().await,
        Err(WaitError::Cancelled { .. })
    ));
    scene.tally.add(ALL);
    worker.end().await;
    assert_eq!(scene.bus.stats().cancelled, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_behind_one_that_blocks_are_given_back_at_a_stop() {
    let scene = scene(2 * ALL).await;
    let worker = beside(scene.bus.worker().concurrency(1));
    scene.probe.count(1).await;
    worker.stop.cancel();
    while scene.bus.stats().released < u64::from(BEHIND) {
        tokio::task::yield_now().await;
    }
    scene.tally.add(2 * ALL);
    worker.ended().await;
    assert_eq!(scene.bus.stats().completed, u64::from(BEFORE) + 1);
    let back = stored(&scene.bus).await;
    assert_eq!(back.len(), BEHIND as usize);
    for job in back {
        assert_eq!((job.state, job.attempts), (JobState::Available, 0));
    }
}
