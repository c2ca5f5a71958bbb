//! What a worker costs: `worker enqueue|drain|latency N [URL]`, on a store in memory by default.
//!
//! `drain` fills the store with `N` jobs that do nothing, runs one worker with default settings
//! until it is empty, and prints rates and processor time; `enqueue` does the first half only.
//! `latency` sends `N` jobs one by one to an idle worker and prints how long each took to start.
use bus::prelude::*;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// About fifty bytes of JSON.
#[job]
struct Mail {
    to: String,
    order: u64,
    copies: u32,
}

#[handler]
async fn mail(_: Mail) {}

#[job]
struct Ping;

/// Where a job says when it started.
struct Started(mpsc::UnboundedSender<Instant>);

#[handler]
async fn ping(_: Ping, started: &Started) {
    started.0.send(Instant::now()).expect("somebody listens");
}

/// So many jobs go into the store with one call.
const AT_ONCE: u64 = 10_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_else(|| "drain".to_owned());
    let jobs: u64 = arguments.next().map_or(Ok(500_000), |n| n.parse())?;
    let url = arguments.next().unwrap_or_else(|| "memory:".to_owned());
    let (sender, started) = mpsc::unbounded_channel();
    let bus = Bus::builder().store(url).state(Started(sender));
    let bus = bus.build().await?;
    match what.as_str() {
        "latency" => latency(&bus, jobs, started).await,
        "enqueue" => timed("enqueue", jobs, fill(&bus, jobs)).await,
        _ => {
            timed("enqueue", jobs, fill(&bus, jobs)).await?;
            timed("drain", jobs, async {
                Ok(bus.worker().until_empty().run().await?)
            })
            .await
        }
    }
}

type Done = Result<(), Box<dyn std::error::Error>>;

async fn fill(bus: &Bus, jobs: u64) -> Done {
    for first in (0..jobs).step_by(AT_ONCE as usize) {
        let some = first..jobs.min(first + AT_ONCE);
        let some = some.map(|order| Mail {
            to: "ann@shop.example".to_owned(),
            order,
            copies: 1,
        });
        bus.dispatch_all(some).await?;
    }
    Ok(())
}

/// Prints the rate of `work` on so many jobs, and the processor time of each.
async fn timed(what: &str, jobs: u64, work: impl Future<Output = Done>) -> Done {
    let (began, before) = (Instant::now(), processor_time());
    work.await?;
    let (passed, used) = (began.elapsed(), processor_time() - before);
    println!(
        "{what}: {:.0} jobs/s, {:.3} µs of processor time a job",
        jobs as f64 / passed.as_secs_f64(),
        used.as_secs_f64() * 1e6 / jobs as f64,
    );
    Ok(())
}

/// User and system time of this process, to the hundredth of a second.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name, which is in brackets and may hold anything: fields 3, 4, …
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * ticks)
}

async fn latency(bus: &Bus, jobs: u64, mut started: mpsc::UnboundedReceiver<Instant>) -> Done {
    let stop = bus::CancellationToken::new();
    let worker = bus.worker().stop_on(stop.clone()).run();
    let worker = tokio::spawn(worker);
    let mut latencies = Vec::new();
    for _ in 0..jobs {
        // Idle in between, as a worker with little to do is.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let began = Instant::now();
        bus.dispatch(Ping).await?;
        let start = started.recv().await.ok_or("the worker is gone")?;
        latencies.push(start.saturating_duration_since(began));
    }
    latencies.sort_unstable();
    let at = |part: f64| latencies[(latencies.len() as f64 * part) as usize];
    println!("start: p50 {:?}, p99 {:?}", at(0.5), at(0.99));
    stop.cancel();
    Ok(worker.await??)
}
