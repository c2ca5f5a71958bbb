//! How fast jobs are stored.
use super::jobs::Noop;
use super::place::Place;
use super::report::Report;
use bus::BoxError;
use bus::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Jobs in one call, where nothing else is said.
pub(crate) const BULK: u64 = 10_000;

/// Stores jobs, so many in a call.
pub(crate) async fn fill(bus: &Bus, jobs: u64, in_a_call: u64) -> Result<(), BoxError> {
    let mut stored = 0;
    while stored < jobs {
        let until = jobs.min(stored + in_a_call);
        bus.dispatch_all((stored..until).map(Noop::number)).await?;
        stored = until;
    }
    Ok(())
}

/// `dispatch_all` of a thousand, and of ten thousand.
pub(crate) async fn bulk(place: &Place, jobs: u64, report: &mut Report) -> Result<(), BoxError> {
    for (name, in_a_call) in [("bulk 1 000", 1_000), ("bulk 10 000", BULK)] {
        let (bus, _) = place.bus().await?;
        let begun = Instant::now();
        fill(&bus, jobs, in_a_call).await?;
        report.add(name, "jobs/s", jobs as f64 / begun.elapsed().as_secs_f64());
        drop(bus);
        place.clear().await?;
    }
    Ok(())
}

/// Calls of `dispatch` in flight at a time; each returns after the commit of its job.
pub(crate) async fn single(
    place: &Place,
    jobs: u64,
    time: Duration,
    report: &mut Report,
) -> Result<(), BoxError> {
    for producers in [1, 10, 16, 200] {
        let (bus, _) = place.bus().await?;
        // Connections are opened and statements prepared by the first calls.
        produce(&bus, producers, 20 * producers, time).await?;
        let begun = Instant::now();
        let stored = produce(&bus, producers, jobs, time).await?;
        let rate = stored as f64 / begun.elapsed().as_secs_f64();
        report.add(format!("single, {producers} in flight"), "jobs/s", rate);
        drop(bus);
        place.clear().await?;
    }
    Ok(())
}

/// Stores jobs one by one from so many tasks, until there are `jobs` or the time is over; how many
/// it were.
pub(crate) async fn produce(
    bus: &Bus,
    producers: u64,
    jobs: u64,
    time: Duration,
) -> Result<u64, BoxError> {
    let next = Arc::new(AtomicU64::new(0));
    let end = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for _ in 0..producers {
        let (bus, next) = (bus.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            let mut stored = 0;
            while Instant::now() < end {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= jobs {
                    break;
                }
                bus.dispatch(Noop::number(number)).await?;
                stored += 1;
            }
            Ok::<u64, BoxError>(stored)
        });
    }
    let mut stored = 0;
    while let Some(ended) = tasks.join_next().await {
        stored += ended??;
    }
    Ok(stored)
}
