//! How fast jobs are run and settled.
use super::enqueue::{BULK, fill, produce};
use super::jobs::Failing;
use super::place::{Kind, Place};
use super::report::Report;
use bus::prelude::*;
use bus::{BoxError, CancellationToken, WorkerBuilder};
use sqlx::Executor as _;
use std::time::{Duration, Instant};

/// A drain that takes longer has stopped.
const LIMIT: Duration = Duration::from_secs(600);

/// A worker with its defaults, but for what the command line says.
pub(crate) fn worker(bus: &Bus, concurrency: Option<usize>) -> WorkerBuilder {
    let worker = bus.worker();
    match concurrency {
        Some(jobs) => worker.concurrency(jobs),
        None => worker,
    }
}

/// How long a worker takes for a store that has these jobs, until the last is settled.
pub(crate) async fn drain(
    bus: &Bus,
    worker: WorkerBuilder,
    jobs: u64,
) -> Result<Duration, BoxError> {
    let before = bus.stats().completed;
    let begun = Instant::now();
    let work = worker.until_empty().run();
    let ended = tokio::time::timeout(LIMIT, work).await;
    let took = begun.elapsed();
    let completed = bus.stats().completed - before;
    match ended {
        Ok(ended) => ended?,
        Err(_) => return Err(format!("{completed} of {jobs} jobs in {took:?}").into()),
    }
    if completed != jobs {
        return Err(format!("{jobs} jobs were stored, {completed} were completed").into());
    }
    Ok(took)
}

/// A backlog, alone.
pub(crate) async fn alone(
    place: &Place,
    jobs: u64,
    concurrency: Option<usize>,
    report: &mut Report,
) -> Result<(), BoxError> {
    let (bus, _) = place.bus().await?;
    fill(&bus, jobs, BULK).await?;
    let took = drain(&bus, worker(&bus, concurrency), jobs).await?;
    report.add("drain", "jobs/s", jobs as f64 / took.as_secs_f64());
    drop(bus);
    place.clear().await
}

/// While another session of the database looks at it as it was before.
pub(crate) async fn held(
    place: &Place,
    jobs: u64,
    concurrency: Option<usize>,
    report: &mut Report,
) -> Result<(), BoxError> {
    if place.kind != Kind::Postgres {
        return Ok(());
    }
    let (bus, _) = place.bus().await?;
    fill(&bus, jobs, BULK).await?;
    let mut other = place.postgres().await?;
    other
        .execute("begin transaction isolation level repeatable read; select count(*) from pg_class")
        .await?;
    let took = drain(&bus, worker(&bus, concurrency), jobs).await?;
    let rate = jobs as f64 / took.as_secs_f64();
    report.add("drain, snapshot held", "jobs/s", rate);
    report.ratio("snapshot held ÷ drain", "drain, snapshot held", "drain");
    other.execute("rollback").await?;
    drop(bus);
    place.clear().await
}

/// While jobs are stored: in bulk, and one by one.
pub(crate) async fn busy(
    place: &Place,
    jobs: u64,
    concurrency: Option<usize>,
    report: &mut Report,
) -> Result<(), BoxError> {
    for (name, producers) in [
        ("through, bulk 1 000", None),
        ("through, 200 in flight", Some(200)),
    ] {
        let (bus, _) = place.bus().await?;
        let stop = CancellationToken::new();
        let worker = worker(&bus, concurrency).no_signals().stop_on(stop.clone());
        let working = tokio::spawn(worker.run());
        let begun = Instant::now();
        match producers {
            None => fill(&bus, jobs, 1_000).await?,
            Some(producers) => drop(produce(&bus, producers, jobs, LIMIT).await?),
        }
        completed(&bus, jobs, LIMIT).await?;
        let took = begun.elapsed();
        stop.cancel();
        working.await??;
        report.add(name, "jobs/s", jobs as f64 / took.as_secs_f64());
        drop(bus);
        place.clear().await?;
    }
    Ok(())
}

/// Waits until so many jobs of the bus are settled.
async fn completed(bus: &Bus, jobs: u64, limit: Duration) -> Result<(), BoxError> {
    let end = Instant::now() + limit;
    while bus.stats().completed < jobs {
        if Instant::now() > end {
            let completed = bus.stats().completed;
            return Err(format!("{completed} of {jobs} jobs in {limit:?}").into());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// Beside so many jobs that wait in another queue, as many that are due tomorrow, and as many that
/// are dead.
pub(crate) async fn beside_many(
    place: &Place,
    jobs: u64,
    others: u64,
    concurrency: Option<usize>,
    report: &mut Report,
) -> Result<(), BoxError> {
    let (bus, _) = place.bus().await?;
    crowd(&bus, others).await?;
    fill(&bus, jobs, BULK).await?;
    let only = worker(&bus, concurrency).queues([("default", 1)]);
    let took = drain(&bus, only, jobs).await?;
    let name = format!("drain beside 3 × {others}");
    report.add(name.as_str(), "jobs/s", jobs as f64 / took.as_secs_f64());
    report.ratio("full table ÷ drain", &name, "drain");
    drop(bus);
    place.clear().await
}

async fn crowd(bus: &Bus, others: u64) -> Result<(), BoxError> {
    use super::jobs::Noop;
    let mut stored = 0;
    while stored < others {
        let numbers = stored..others.min(stored + BULK);
        stored = numbers.end;
        let waiting = numbers.clone().map(|n| Noop::number(n).on_queue("other"));
        bus.dispatch_all(waiting).await?;
        let tomorrow = numbers.clone().map(|n| Noop::number(n).delay(DAY));
        bus.dispatch_all(tomorrow).await?;
        bus.dispatch_all(numbers.map(|order| Failing { order }))
            .await?;
    }
    let before = bus.stats().dead;
    let killer = bus.worker().queues([("dead", 1)]).until_empty();
    killer.run().await?;
    let dead = bus.stats().dead - before;
    if dead != others {
        return Err(format!("{others} jobs were to die, {dead} did").into());
    }
    Ok(())
}
