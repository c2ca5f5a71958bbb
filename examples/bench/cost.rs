//! What jobs cost beside time: processor, memory, bytes of the log.
use super::child::{Child, Worked};
use super::drain::{drain, worker};
use super::enqueue::{BULK, fill};
use super::machine;
use super::place::{Kind, Place};
use super::report::Report;
use super::server::{Server, Written, used};
use bus::BoxError;
use bus::prelude::*;

/// Processor time is told for so many jobs.
const MANY: f64 = 10_000.0;

/// Jobs are stored here and run in a process of its own, so that its memory and processor time are
/// a worker's and nobody else's. In memory it is all one process.
pub(crate) async fn cost(
    place: &Place,
    jobs: u64,
    concurrency: Option<usize>,
    report: &mut Report,
) -> Result<(), BoxError> {
    if place.kind == Kind::Memory {
        return here(place, jobs, concurrency, report).await;
    }
    let mut server = Server::of(place).await?;
    let (bus, url) = place.bus().await?;
    let begun = (
        server.written().await?,
        server.cpu().await?,
        machine::own_cpu(),
    );
    fill(&bus, jobs, BULK).await?;
    let filled = (server.cpu().await?, machine::own_cpu());
    drop(bus);
    server.quiet().await?;
    let stored = server.written().await?;
    let mut enqueue = 0.0;
    if let (Some(before), Some(after)) = (begun.2, filled.1) {
        enqueue += after - before;
    }
    if let (Some(before), Some(after)) = (&begun.1, &filled.0) {
        enqueue += used(before, after);
    }
    let many = jobs as f64 / MANY;
    report.add("processor, bulk enqueue", "s/10 k", enqueue / many);

    let before = server.cpu().await?;
    let (child, worked) = Child::work(&url, jobs, concurrency)?.worked().await?;
    let after = server.cpu().await?;
    child.end().await?;
    server.quiet().await?;
    let drained = server.written().await?;
    let theirs = before
        .zip(after)
        .map(|(before, after)| used(&before, &after));
    tell(&worked, theirs, jobs, report);
    if let (Some(begun), Some(stored), Some(drained)) = (begun.0, stored, drained) {
        tell_written(begun, stored, drained, jobs, report);
    }
    server.close().await?;
    place.clear().await
}

fn tell(worked: &Worked, theirs: Option<f64>, jobs: u64, report: &mut Report) {
    let many = jobs as f64 / MANY;
    let rate = jobs as f64 / worked.seconds;
    report.add("drain, a process of its own", "jobs/s", rate);
    report.add("processor, worker", "s/10 k", worked.cpu / many);
    if let Some(theirs) = theirs {
        report.add("processor, server", "s/10 k", theirs / many);
    }
    let all = worked.cpu + theirs.unwrap_or_default();
    report.add("processor, drain in all", "s/10 k", all / many);
    report.add("peak memory, worker", "MiB", worked.memory);
}

fn tell_written(begun: Written, stored: Written, drained: Written, jobs: u64, report: &mut Report) {
    let jobs = jobs as f64;
    let bytes = |from: Written, to: Written| (to.bytes - from.bytes) / jobs;
    let commits = |from: Written, to: Written| (to.commits - from.commits) * 1_000.0 / jobs;
    report.add("log, bulk enqueue", "B/job", bytes(begun, stored));
    report.add("log, drain", "B/job", bytes(stored, drained));
    report.add("log, in all", "B/job", bytes(begun, drained));
    report.add(
        "commits, bulk enqueue",
        "/1 000 jobs",
        commits(begun, stored),
    );
    report.add("commits, drain", "/1 000 jobs", commits(stored, drained));
}

async fn here(
    place: &Place,
    jobs: u64,
    concurrency: Option<usize>,
    report: &mut Report,
) -> Result<(), BoxError> {
    let (bus, _): (Bus, _) = place.bus().await?;
    let many = jobs as f64 / MANY;
    let begun = machine::own_cpu();
    fill(&bus, jobs, BULK).await?;
    let filled = machine::own_cpu();
    drain(&bus, worker(&bus, concurrency), jobs).await?;
    let drained = machine::own_cpu();
    if let (Some(begun), Some(filled), Some(drained)) = (begun, filled, drained) {
        report.add("processor, bulk enqueue", "s/10 k", (filled - begun) / many);
        report.add(
            "processor, drain in all",
            "s/10 k",
            (drained - filled) / many,
        );
    }
    Ok(())
}
