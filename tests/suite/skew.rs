//! Machines whose clocks differ agree on what is due and who is late: the store's clock decides.
use super::work::{beside, drain, only};
use bus::clock::{Clock, ManualClock, SystemClock, Timestamp};
use bus::driver::{Driver, Synchronous};
use bus::drivers::{MemoryDriver, SqliteDriver};
use bus::job::JobState;
use bus::prelude::*;
use bus_tests::{Postgres, Probe, Redis, Skewed, Sqlite, Timed};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

#[job]
struct Tick;

#[handler]
async fn tick(_: Tick, probe: &Probe<&'static str>) {
    probe.tell("tick");
}

#[job]
struct Stay;

#[handler]
async fn stay(_: Stay, gate: &Semaphore, probe: &Probe<&'static str>) {
    probe.tell("began");
    gate.acquire().await.unwrap().forget();
    probe.tell("ended");
}

/// How far the machines' clocks are off.
const MUCH: Duration = Duration::from_secs(600);

/// Two machines on one store: one ahead of its clock, one behind.
struct Scene {
    ahead: Bus,
    behind: Bus,
    probe: Probe<&'static str>,
    gate: Arc<Semaphore>,
}

impl Scene {
    async fn of<C: Clock + Clone>(drivers: [Arc<dyn Driver>; 2], clock: &C) -> Self {
        let (probe, gate) = (Probe::new(), Arc::new(Semaphore::new(0)));
        let [one, two] = drivers;
        let bus = |driver, clock: Skewed<C>| {
            let builder = Bus::builder().partial().driver(driver).clock(clock);
            let builder = builder.state(probe.clone()).state_arc(Arc::clone(&gate));
            async { builder.build().await.unwrap() }
        };
        Self {
            ahead: bus(one, Skewed::ahead(clock.clone(), MUCH)).await,
            behind: bus(two, Skewed::behind(clock.clone(), MUCH)).await,
            probe,
            gate,
        }
    }

    /// A delayed job of either machine is due on both at the same time.
    async fn due(&self, clock: &ManualClock) {
        for (from, to) in [(&self.ahead, &self.behind), (&self.behind, &self.ahead)] {
            from.dispatch(Tick.delay(5 * MINUTE)).await.unwrap();
            let job = only(from).await;
            assert_eq!(
                (job.created_at, job.state),
                (clock.now(), JobState::Scheduled)
            );
            clock.advance(5 * MINUTE - SECOND);
            drain(to).await;
            drain(from).await;
            assert_eq!(only(from).await.state, JobState::Scheduled, "not early");
            clock.advance(SECOND);
            drain(to).await;
            assert_eq!(to.stats().completed, 1, "not late");
        }
        // And what is due at once is due at once for the other.
        self.ahead.dispatch(Tick).await.unwrap();
        drain(&self.behind).await;
        assert_eq!(self.behind.stats().completed, 2);
    }

    /// A worker that lives is nobody's prey.
    async fn alive(&self, now: impl Fn() -> Timestamp, slack: Duration) {
        let lease = 30 * SECOND;
        let worker = beside(self.behind.worker().lease(lease));
        let ticket = self.behind.dispatch(Stay).await.unwrap();
        self.probe
            .eventually("it began", |all| all.contains(&"began"))
            .await;
        for _ in 0..3 {
            // Each worker sweeps when it starts.
            drain(&self.ahead).await;
        }
        let other = beside(self.ahead.worker().lease(lease));
        self.ahead.dispatch(Tick.on_queue("other")).await.unwrap();
        self.probe
            .eventually("it ticks", |all| all.last() == Some(&"tick"))
            .await;
        for info in self.ahead.jobs().await.unwrap().workers().await.unwrap() {
            let off = |a: Timestamp, b: Timestamp| a.since(b) + b.since(a);
            let off = off(info.expires_at, now() + lease);
            assert!(
                off <= slack,
                "the lease is told in the store's time: {off:?}"
            );
        }
        self.gate.add_permits(1);
        ticket.wait().await.unwrap();
        worker.end().await;
        other.end().await;
        let stats = [self.ahead.stats(), self.behind.stats()];
        assert!(
            stats
                .iter()
                .all(|stats| stats.rescued + stats.lease_lost == 0),
            "{stats:?}"
        );
    }
}

async fn by_hand(store: Arc<dyn Driver>) {
    let clock = super::work::clock();
    let timed: Arc<dyn Driver> = Arc::new(Timed::new(store, clock.clone()));
    let scene = Scene::of([Arc::clone(&timed), timed], &clock).await;
    scene.due(&clock).await;
    scene.alive(|| clock.now(), Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_with_a_clock_of_its_own() {
    by_hand(Arc::new(MemoryDriver::new())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_with_a_clock_of_its_own() {
    let store = Sqlite::new();
    let driver = SqliteDriver::open(&store.path(), Synchronous::Full).await;
    by_hand(Arc::new(driver.unwrap())).await;
}

/// A real server, whose clock goes by itself.
async fn by_server(url: &str) {
    let url = url.parse().unwrap();
    let open = || async { bus::drivers::connect(&url).await.unwrap() };
    let scene = Scene::of([open().await, open().await], &SystemClock).await;
    for (from, to) in [(&scene.ahead, &scene.behind), (&scene.behind, &scene.ahead)] {
        let worker = beside(to.worker());
        let begun = tokio::time::Instant::now();
        let delay = Duration::from_millis(400);
        let ticket = from.dispatch(Tick.delay(delay)).await.unwrap();
        ticket.wait().await.unwrap();
        let took = begun.elapsed();
        assert!(
            took >= delay - Duration::from_millis(100),
            "early: {took:?}"
        );
        assert!(took < MUCH / 10, "late: {took:?}");
        worker.end().await;
    }
    scene.alive(|| SystemClock.now(), 20 * SECOND).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_tells_the_time() {
    let store = Postgres::create().await;
    by_server(&store.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_tells_the_time() {
    let store = Redis::new();
    by_server(&format!("{}?prefix={}", store.url(), store.prefix())).await;
}

#[tokio::test]
async fn a_clock_that_is_set_while_a_program_runs_is_noticed() {
    let (clock, machine) = (super::work::clock(), super::work::clock());
    let store: Arc<dyn Driver> = Arc::new(MemoryDriver::new());
    let timed: Arc<dyn Driver> = Arc::new(Timed::new(store, clock.clone()));
    let scene = Scene::of([Arc::clone(&timed), timed], &machine).await;
    let worker = beside(scene.behind.worker());
    scene.behind.dispatch(Stay).await.unwrap();
    scene.probe.count(1).await;
    // Both machines' clocks jump: they ask for the time before they take anybody for lost.
    machine.advance(HOUR);
    drain(&scene.ahead).await;
    scene.gate.add_permits(1);
    scene.probe.count(2).await;
    worker.end().await;
    assert_eq!(scene.ahead.stats().rescued, 0);
}
