//! The measures that all peers go through: the same as those of `examples/bench`, in its form.
#![allow(missing_docs, clippy::missing_errors_doc)]

pub mod database;
mod often;
#[path = "../../../examples/bench/report.rs"]
mod report;

pub use often::Often;
pub use report::Report;
use report::quantile;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A drain that takes longer is stopped, and its rate is that of what was done until then.
const LIMIT: Duration = Duration::from_secs(15);
/// Jobs a second of the latency.
const IDLE: f64 = 100.0;
const INTERRUPTED: &str = "interrupted";
/// What is dispatched first while the latency is not measured yet.
const WARM_UP: Duration = Duration::from_millis(300);

/// The job: about fifty bytes of JSON, and a handler that does nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    order: u64,
    /// Nanoseconds since 1970; 0: nobody wants to know.
    dispatched: u64,
    note: String,
}

impl Job {
    pub fn number(order: u64) -> Self {
        Self {
            order,
            dispatched: 0,
            note: "a parcel".to_owned(),
        }
    }

    fn now() -> Self {
        Self {
            dispatched: nanoseconds(),
            ..Self::number(0)
        }
    }
}

static HANDLED: AtomicU64 = AtomicU64::new(0);
static LATENCIES: Mutex<Vec<u64>> = Mutex::new(Vec::new());

/// What every handler does.
pub fn handle(job: &Job) {
    if job.dispatched > 0 {
        let late = nanoseconds().saturating_sub(job.dispatched);
        let mut all = LATENCIES.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(late);
    }
    HANDLED.fetch_add(1, Ordering::Relaxed);
}

fn nanoseconds() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}

/// A way to set a peer up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// What its authors chose.
    Default,
    /// The fastest that was found for a backlog.
    Tuned,
    /// The one that starts jobs soonest.
    Quick,
}

/// A job system.
pub trait Peer: Clone + Send + Sync + 'static {
    /// Its name and version.
    const NAME: &'static str;
    /// The longest backlog that it stands, if there is one.
    const MOST: u64 = u64::MAX;

    /// On a new and empty space of the store.
    fn open(url: &str, space: &str) -> impl Future<Output = Result<Self, Error>> + Send;
    /// Stores one job; returns when it is stored.
    fn push(&self, job: Job) -> impl Future<Output = Result<(), Error>> + Send;
    /// Stores many by the fastest way it has.
    fn fill(&self, jobs: u64) -> impl Future<Output = Result<(), Error>> + Send;
    /// Works until it is dropped.
    fn work(&self, setting: Setting) -> impl Future<Output = Result<(), Error>> + Send;
    /// How many jobs the store does not know as done.
    fn left(&self) -> impl Future<Output = Result<u64, Error>> + Send;
    /// Hangs up and removes the space.
    fn close(self, url: &str, space: &str) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Measures a peer as the command line says: `URL [--jobs N] [--seconds N] [--only A,B]`.
pub async fn run<P: Peer>() -> Result<(), Error> {
    let options = Options::read()?;
    let mut report = Report::default();
    eprintln!("{}", P::NAME);
    for (at, measure) in options.only.iter().enumerate() {
        let space = format!("bus_peers_{}_{at}", std::process::id());
        let peer = P::open(&options.url, &space).await?;
        let done = tokio::select! {
            done = one(&peer, measure, &options, &mut report) => done,
            _ = tokio::signal::ctrl_c() => Err(INTERRUPTED.into()),
        };
        peer.close(&options.url, &space).await?;
        match done {
            Err(error) if error.to_string() == INTERRUPTED => return Err(error),
            // The other figures count all the same.
            Err(error) => eprintln!("  {measure} failed: {error}"),
            Ok(()) => {}
        }
    }
    println!("{}", report.json(&[("peer", P::NAME.to_owned())]));
    Ok(())
}

async fn one<P: Peer>(
    peer: &P,
    measure: &str,
    options: &Options,
    report: &mut Report,
) -> Result<(), Error> {
    let jobs = options.jobs.min(P::MOST);
    match measure {
        "single1" => single(peer, 1, options, report).await,
        "single10" => single(peer, 10, options, report).await,
        "tuned" => drain(peer, Setting::Tuned, "drain, tuned", jobs, report).await,
        "default" => drain(peer, Setting::Default, "drain, default", jobs, report).await,
        "latency" => latency(peer, options.time, report).await,
        other => Err(format!("there is no measure {other:?}").into()),
    }
}

#[derive(Debug)]
struct Options {
    url: String,
    jobs: u64,
    time: Duration,
    only: Vec<String>,
}

impl Options {
    fn read() -> Result<Self, Error> {
        let all = "single1,single10,tuned,default,latency";
        let split = |names: &str| names.split(',').map(str::to_owned).collect();
        let mut options = Self {
            url: String::new(),
            jobs: 100_000,
            time: Duration::from_secs(3),
            only: split(all),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--jobs" => options.jobs = value()?.parse()?,
                "--seconds" => options.time = Duration::from_secs_f64(value()?.parse()?),
                "--only" => options.only = split(&value()?),
                _ => options.url = argument,
            }
        }
        if options.url.is_empty() {
            return Err("which store? Give its URL".into());
        }
        Ok(options)
    }
}

/// Calls in flight at a time, for a while.
async fn single<P: Peer>(
    peer: &P,
    producers: u64,
    options: &Options,
    report: &mut Report,
) -> Result<(), Error> {
    peer.push(Job::number(0)).await?;
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..producers {
        let (peer, time) = (peer.clone(), options.time);
        tasks.spawn(async move {
            let mut stored = 0_u64;
            while begun.elapsed() < time {
                peer.push(Job::number(stored)).await?;
                stored += 1;
            }
            Ok::<u64, Error>(stored)
        });
    }
    let mut stored = 0;
    while let Some(ended) = tasks.join_next().await {
        stored += ended??;
    }
    let rate = stored as f64 / begun.elapsed().as_secs_f64();
    report.add(format!("single, {producers} in flight"), "jobs/s", rate);
    Ok(())
}

/// A backlog: the clock stops when the store knows the last job as done.
async fn drain<P: Peer>(
    peer: &P,
    setting: Setting,
    name: &str,
    jobs: u64,
    report: &mut Report,
) -> Result<(), Error> {
    peer.fill(jobs).await?;
    HANDLED.store(0, Ordering::Relaxed);
    let begun = Instant::now();
    let rate = working(peer, setting, async {
        while HANDLED.load(Ordering::Relaxed) < jobs {
            if begun.elapsed() > LIMIT {
                let done = jobs - peer.left().await?.min(jobs);
                return Ok(done as f64 / begun.elapsed().as_secs_f64());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        while peer.left().await? > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(jobs as f64 / begun.elapsed().as_secs_f64())
    });
    report.add(name, "jobs/s", rate.await?);
    Ok(())
}

/// From the call that stores a job to its handler, with an idle worker.
async fn latency<P: Peer>(peer: &P, time: Duration, report: &mut Report) -> Result<(), Error> {
    LATENCIES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clear();
    HANDLED.store(0, Ordering::Relaxed);
    let done = working(peer, Setting::Quick, async {
        let warm = steadily(peer, WARM_UP, || Job::number(0)).await?;
        let all = warm + steadily(peer, time, Job::now).await?;
        let end = Instant::now() + LIMIT;
        while HANDLED.load(Ordering::Relaxed) < all {
            if Instant::now() > end {
                let handled = HANDLED.load(Ordering::Relaxed);
                return Err(format!("{handled} of {all} jobs arrived").into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    });
    done.await?;
    let mut all = LATENCIES.lock().unwrap_or_else(PoisonError::into_inner);
    let (p50, p99) = (quantile(&mut all, 0.5), quantile(&mut all, 0.99));
    report.add("start idle, same process, p50", "ms", p50 / 1e6);
    report.add("start idle, same process, p99", "ms", p99 / 1e6);
    Ok(())
}

async fn steadily<P: Peer>(peer: &P, time: Duration, job: fn() -> Job) -> Result<u64, Error> {
    let begun = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / IDLE));
    let mut calls = JoinSet::new();
    let mut dispatched = 0;
    while begun.elapsed() < time {
        ticks.tick().await;
        dispatched += 1;
        let peer = peer.clone();
        calls.spawn(async move { peer.push(job()).await });
    }
    while let Some(ended) = calls.join_next().await {
        ended??;
    }
    Ok(dispatched)
}

/// Does this while the peer works; that the peer ends by itself is a failure.
async fn working<P: Peer, T>(
    peer: &P,
    setting: Setting,
    measure: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let (peer, stop) = (peer.clone(), CancellationToken::new());
    let guard = stop.clone().drop_guard();
    let mut work = tokio::spawn(async move {
        tokio::select! {
            ended = peer.work(setting) => ended,
            () = stop.cancelled() => Ok(()),
        }
    });
    tokio::select! {
        measured = measure => {
            drop(guard);
            work.await??;
            measured
        }
        ended = &mut work => {
            ended??;
            Err("the worker ended by itself".into())
        }
    }
}
