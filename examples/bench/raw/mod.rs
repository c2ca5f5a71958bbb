//! What each store can do at best: the same work by a loop of statements, without a job system.
mod postgres;
mod redis;
mod sqlite;

use super::place::{Kind, Place};
use super::report::Report;
use bus::BoxError;
use std::time::Duration;

/// The sizes of the batches.
const BATCHES: [u64; 2] = [100, 1_000];

/// Inserts, and loops that take and settle.
pub(crate) async fn raw(
    place: &Place,
    jobs: u64,
    time: Duration,
    report: &mut Report,
) -> Result<(), BoxError> {
    match place.kind {
        Kind::Memory => return Ok(()),
        Kind::Sqlite => sqlite::raw(place, jobs, time, report).await?,
        Kind::Postgres => postgres::raw(place, jobs, time, report).await?,
        Kind::Redis => redis::raw(place, jobs, report).await?,
    }
    place.clear().await
}

/// The body of a job as the measured ones have it.
fn payload(number: u64) -> Vec<u8> {
    format!(r#"{{"order":{number},"note":"a parcel for the fourth floor"}}"#).into_bytes()
}

/// `jobs` in calls of `batch`.
fn calls(jobs: u64, batch: u64) -> impl Iterator<Item = std::ops::Range<u64>> {
    let starts = (0..jobs).step_by(usize::try_from(batch).unwrap_or(usize::MAX));
    starts.map(move |start| start..jobs.min(start + batch))
}

/// A number of jobs with thin spaces, as the names of figures have it.
const fn named(batch: u64) -> &'static str {
    match batch {
        100 => "100",
        _ => "1 000",
    }
}
