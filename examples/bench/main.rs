//! How fast the stores are: jobs through the public API, beside a raw loop of the same work.
//!
//! `cargo run --release --example bench -- --help`; `docs/benchmarks.md` says what each figure
//! means. Without arguments: a short run in memory and on SQLite.
mod child;
mod cost;
mod drain;
mod enqueue;
mod jobs;
mod latency;
mod machine;
mod options;
mod place;
mod raw;
mod report;
mod server;

use bus::BoxError;
use options::{Measure, Options, Role};
use place::{Kind, Place};
use report::Report;
use std::time::Duration;

/// Jobs a measure, if nobody says how many: a second or two of work.
const JOBS: u64 = 100_000;
const JOBS_IN_MEMORY: u64 = 1_000_000;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    match options::role(std::env::args().skip(1))? {
        Role::Help => println!("{}", options::HELP),
        Role::Produce { url, rate, time } => child::run_producer(&url, rate, time).await?,
        Role::Work {
            url,
            jobs,
            concurrency,
        } => child::run_worker(&url, jobs, concurrency).await?,
        Role::Measure(options) => {
            for url in &options.urls {
                store(url, &options).await?;
            }
        }
    }
    Ok(())
}

/// Measures one store, and leaves nothing behind even if it is interrupted or fails.
async fn store(url: &str, options: &Options) -> Result<(), BoxError> {
    let place = Place::at(url)?;
    let mut report = Report::default();
    let done = tokio::select! {
        done = rounds(&place, options, &mut report) => done,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
    };
    place.clear().await?;
    done?;
    let jobs = jobs(&place, options);
    if options.json {
        let about = [
            ("store", place.to_string()),
            ("jobs", jobs.to_string()),
            ("rounds", options.rounds.to_string()),
        ];
        println!("{}", report.json(&about));
    } else {
        let rounds = options.rounds;
        println!("\n{place}: {jobs} jobs, {rounds} rounds, median [least–greatest]\n");
        println!("{}", report.table());
    }
    Ok(())
}

fn jobs(place: &Place, options: &Options) -> u64 {
    options.jobs.unwrap_or(match place.kind {
        Kind::Memory => JOBS_IN_MEMORY,
        _ => JOBS,
    })
}

/// All measures in turn, round by round: what disturbs the machine for a while disturbs all alike.
async fn rounds(place: &Place, options: &Options, report: &mut Report) -> Result<(), BoxError> {
    let jobs = jobs(place, options);
    for round in 1..=options.rounds {
        eprintln!("{place}, round {round} of {}", options.rounds);
        if let Some(cores) = others().await {
            report.add("other work on the machine", "cores", cores);
        }
        for measure in &options.only {
            one(*measure, place, jobs, options, report).await?;
        }
        if let Some(others) = options.table {
            drain::beside_many(place, jobs, others, options.concurrency, report).await?;
        }
    }
    Ok(())
}

async fn one(
    measure: Measure,
    place: &Place,
    jobs: u64,
    options: &Options,
    report: &mut Report,
) -> Result<(), BoxError> {
    let (time, concurrency) = (options.time, options.concurrency);
    match measure {
        Measure::Bulk => enqueue::bulk(place, jobs, report).await,
        Measure::Single => enqueue::single(place, jobs, time, report).await,
        Measure::Drain => drain::alone(place, jobs, concurrency, report).await,
        Measure::Busy => drain::busy(place, jobs, concurrency, report).await,
        Measure::Held => drain::held(place, jobs, concurrency, report).await,
        Measure::Latency => {
            let half = report.median("drain").map(|rate| rate / 2.0);
            latency::latency(place, time, options.load.or(half), report).await
        }
        Measure::Cost => cost::cost(place, jobs, concurrency, report).await,
        Measure::Raw => raw::raw(place, jobs, time, report).await,
    }
}

/// How many cores are busy while this program does nothing.
async fn others() -> Option<f64> {
    let time = Duration::from_millis(500);
    let before = machine::all_cpu()?;
    tokio::time::sleep(time).await;
    Some((machine::all_cpu()? - before) / time.as_secs_f64())
}
