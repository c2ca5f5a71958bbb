//! How long it takes from the dispatch of a job to its handler's first step.
use super::child::Child;
use super::jobs::{Timed, latencies, take_latencies};
use super::place::{Kind, Place};
use super::report::{Report, quantile};
use bus::prelude::*;
use bus::{BoxError, CancellationToken};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What is dispatched a second when the worker is to be idle in between.
pub(crate) const IDLE: f64 = 100.0;
/// What arrives later than this has been lost.
const LIMIT: Duration = Duration::from_secs(60);

/// From this process and from another, with an idle worker and with one under load.
pub(crate) async fn latency(
    place: &Place,
    time: Duration,
    load: Option<f64>,
    report: &mut Report,
) -> Result<(), BoxError> {
    let rates = [("idle", Some(IDLE)), ("loaded", load)];
    for (name, rate) in rates
        .into_iter()
        .filter_map(|(name, rate)| Some((name, rate?)))
    {
        for other in [false, true] {
            if other && place.kind == Kind::Memory {
                continue;
            }
            let from = if other {
                "other process"
            } else {
                "same process"
            };
            let (mut all, rate) = samples(place, other, rate, time).await?;
            let (p50, p99) = (quantile(&mut all, 0.5), quantile(&mut all, 0.99));
            report.add(format!("start {name}, {from}, p50"), "ms", p50 / 1e6);
            report.add(format!("start {name}, {from}, p99"), "ms", p99 / 1e6);
            if name == "loaded" {
                report.add(format!("start {name}, {from}, reached"), "jobs/s", rate);
            }
        }
    }
    Ok(())
}

/// The latencies, and how many jobs a second there were.
async fn samples(
    place: &Place,
    other: bool,
    rate: f64,
    time: Duration,
) -> Result<(Vec<u64>, f64), BoxError> {
    let (bus, url) = place.bus().await?;
    let stop = CancellationToken::new();
    let worker = bus.worker().no_signals().stop_on(stop.clone());
    let working = tokio::spawn(worker.run());
    take_latencies();
    let begun = Instant::now();
    let dispatched = if other {
        Child::produce(&url, rate, time)?.produced().await?
    } else {
        dispatch(&bus, rate, time).await?
    };
    let end = Instant::now() + LIMIT;
    while latencies() < dispatched {
        if Instant::now() > end {
            let arrived = latencies();
            return Err(format!("{arrived} of {dispatched} jobs arrived").into());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let took = begun.elapsed().saturating_sub(WARM_UP);
    stop.cancel();
    working.await??;
    drop(bus);
    place.clear().await?;
    Ok((take_latencies(), dispatched as f64 / took.as_secs_f64()))
}

/// Jobs are dispatched uncounted for so long first.
const WARM_UP: Duration = Duration::from_millis(300);

/// Dispatches so many jobs a second for a while, each in its time, whether or not those before it
/// are stored already; how many it were.
pub(crate) async fn dispatch(bus: &Bus, rate: f64, time: Duration) -> Result<usize, BoxError> {
    steadily(bus, IDLE, WARM_UP, Timed::uncounted).await?;
    steadily(bus, rate, time, Timed::now).await
}

async fn steadily(
    bus: &Bus,
    rate: f64,
    time: Duration,
    job: fn() -> Timed,
) -> Result<usize, BoxError> {
    let begun = Instant::now();
    let mut calls = JoinSet::new();
    let mut dispatched = 0;
    // In ticks: a timer is no finer than a millisecond.
    let tick = Duration::from_secs_f64((1.0 / rate).max(0.001));
    let mut ticks = tokio::time::interval(tick);
    while begun.elapsed() < time {
        ticks.tick().await;
        let due = (begun.elapsed().min(time).as_secs_f64() * rate).ceil() as usize;
        while dispatched < due {
            dispatched += 1;
            let bus = bus.clone();
            calls.spawn(async move { bus.dispatch(job()).await.map(drop) });
        }
        while let Some(ended) = calls.try_join_next() {
            ended??;
        }
    }
    while let Some(ended) = calls.join_next().await {
        ended??;
    }
    Ok(dispatched)
}
