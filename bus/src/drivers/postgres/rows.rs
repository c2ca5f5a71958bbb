//! Jobs as columns and rows: what goes in, what comes out.

use bytes::Bytes;
use sqlx::Row as _;
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;
use uuid::Uuid;

use super::names::{Kind, Names};
use crate::clock::Timestamp;
use crate::codec::{Envelope, Headers};
use crate::driver::{Claimed, Lease};
use crate::id::{CommandName, JobId, WorkerId};
use crate::job::{Failure, FailureKind, JobExtras, JobRecord, JobState, NewJob, Priority};

/// A job on its way into the table, with the numbers of its names.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) job: &'a NewJob,
    pub(super) queue: i32,
    pub(super) kind: i32,
    pub(super) now: Timestamp,
    /// Handed to this worker at once.
    pub(super) worker: Option<WorkerId>,
}

impl Entry<'_> {
    pub(super) fn state(&self) -> JobState {
        if self.worker.is_some() {
            JobState::Running
        } else if self.job.run_at <= self.now {
            JobState::Available
        } else {
            JobState::Scheduled
        }
    }

    /// When it is stored; nothing if that is when it is due, as of most jobs.
    pub(super) fn created_at(&self) -> Option<i64> {
        (self.now != self.job.run_at).then(|| self.now.as_micros())
    }

    pub(super) fn claimed_at(&self) -> Option<i64> {
        self.worker.map(|_| self.now.as_micros())
    }

    pub(super) const fn deliveries(&self) -> i32 {
        if self.worker.is_some() { 1 } else { 0 }
    }

    pub(super) fn max_attempts(&self) -> i16 {
        i16::try_from(self.job.max_attempts).unwrap_or(i16::MAX)
    }

    pub(super) fn worker(&self) -> Option<Uuid> {
        self.worker.map(|worker| worker.as_uuid())
    }

    pub(super) fn headers(&self) -> Option<String> {
        let headers = self.job.envelope.headers.as_ref();
        headers.map(|headers| headers.to_json())
    }

    pub(super) fn extras(&self) -> Option<String> {
        self.job.extras.as_ref().map(|extras| extras.to_json())
    }
}

fn all<'e, T>(entries: &'e [Entry<'_>], value: impl Fn(&'e Entry<'e>) -> T) -> Vec<T> {
    entries.iter().map(value).collect()
}

/// Entries as one array a column, in the order of [`super::sql::NEW_COLUMNS`].
pub(super) fn bind_entries<'q>(
    query: Query<'q, Postgres, PgArguments>,
    entries: &[Entry<'_>],
) -> Query<'q, Postgres, PgArguments> {
    query
        .bind(all(entries, |entry| entry.job.run_at.as_micros()))
        .bind(all(entries, Entry::created_at))
        .bind(all(entries, Entry::claimed_at))
        .bind(all(entries, |entry| entry.queue))
        .bind(all(entries, |entry| entry.kind))
        .bind(all(entries, Entry::deliveries))
        .bind(all(entries, |entry| entry.job.priority.rank()))
        .bind(all(entries, |entry| i16::from(entry.state().code())))
        .bind(all(entries, Entry::max_attempts))
        .bind(all(entries, |entry| entry.job.id.as_uuid()))
        .bind(all(entries, Entry::worker))
        .bind(all(entries, |entry| {
            entry.job.envelope.key_id.as_deref().map(str::as_bytes)
        }))
        .bind(all(entries, Entry::headers))
        .bind(all(entries, Entry::extras))
        .bind(all(entries, |entry| entry.job.envelope.body.as_ref()))
}

/// Whether entries differ only in what [`bind_alike`] gives one by one.
pub(super) fn are_alike(entries: &[Entry<'_>]) -> bool {
    let common = |entry: &Entry<'_>| {
        let rank = entry.job.priority.rank();
        (
            entry.queue,
            entry.kind,
            rank,
            entry.state(),
            entry.max_attempts(),
            entry.worker,
        )
    };
    let plain = |entry: &Entry<'_>| {
        let envelope = &entry.job.envelope;
        envelope.key_id.is_none() && envelope.headers.is_none() && entry.job.extras.is_none()
    };
    let Some(first) = entries.first().map(common) else {
        return false;
    };
    entries
        .iter()
        .all(|entry| plain(entry) && common(entry) == first)
}

/// Entries that [are alike](are_alike), in the order of [`super::sql::Sql::insert_alike`].
pub(super) fn bind_alike<'q>(
    query: Query<'q, Postgres, PgArguments>,
    entries: &[Entry<'_>],
) -> Query<'q, Postgres, PgArguments> {
    let first = entries.first().expect("nothing is not alike");
    query
        .bind(all(entries, |entry| entry.job.run_at.as_micros()))
        .bind(all(entries, Entry::created_at))
        .bind(all(entries, |entry| entry.job.id.as_uuid()))
        .bind(all(entries, |entry| entry.job.envelope.body.as_ref()))
        .bind(first.queue)
        .bind(first.kind)
        .bind(first.job.priority.rank())
        .bind(i16::from(first.state().code()))
        .bind(first.max_attempts())
        .bind(first.worker())
}

/// The numbers of the names in a row of claimed jobs or records: queue, kind.
pub(super) fn numbers(row: &PgRow) -> Result<(i32, i32), sqlx::Error> {
    Ok((row.try_get(1)?, row.try_get(2)?))
}

fn count(row: &PgRow, column: usize) -> Result<u32, sqlx::Error> {
    // The column is signed and never negative; nothing was counted where it is null.
    let count: Option<i32> = row.try_get(column)?;
    Ok(u32::try_from(count.unwrap_or(0)).unwrap_or(0))
}

fn time(row: &PgRow, column: usize) -> Result<Timestamp, sqlx::Error> {
    Ok(Timestamp::from_micros(row.try_get(column)?))
}

fn time_if(row: &PgRow, column: usize) -> Result<Option<Timestamp>, sqlx::Error> {
    let micros: Option<i64> = row.try_get(column)?;
    Ok(micros.map(Timestamp::from_micros))
}

/// Parts of a row that could not be read.
#[derive(Debug, Default)]
struct Damage(Vec<String>);

impl Damage {
    /// The value, or a note of what is wrong with the part.
    fn read<T, E: std::fmt::Display>(&mut self, part: &str, value: Result<T, E>) -> Option<T> {
        value
            .map_err(|error| self.0.push(format!("{part}: {error}")))
            .ok()
    }
}

/// Reads a job as a worker gets it. Only a broken answer of the server is an error; a broken row
/// is a job with damage.
pub(super) fn claimed(row: &PgRow, names: &Names) -> Result<Claimed, sqlx::Error> {
    let mut damage = Damage::default();
    let (queue, kind) = numbers(row)?;
    let kind = names.kind_name(kind);
    let version = kind.as_ref().map_or(0, |kind| kind.version);
    let name = kind.and_then(|Kind { name, .. }| name).unwrap_or_else(|| {
        damage.0.push("the name cannot be read".to_owned());
        CommandName::UNREADABLE
    });
    let key_id = match row.try_get::<Option<&[u8]>, _>(11)? {
        None => None,
        Some(bytes) => damage.read("key id", std::str::from_utf8(bytes)),
    };
    let headers = match row.try_get::<Option<&str>, _>(12)? {
        None => None,
        Some(json) => damage.read("headers", Headers::from_json(json.as_bytes())),
    };
    let extras = match row.try_get::<Option<&str>, _>(13)? {
        None => None,
        Some(json) => damage.read("extras", JobExtras::from_json(json.as_bytes())),
    };
    let run_at = time(row, 4)?;
    Ok(Claimed {
        lease: Lease {
            job: JobId::from(row.try_get::<Uuid, _>(0)?),
            queue: names.queue_name(queue),
            delivery: count(row, 7)?,
            token: 0,
        },
        envelope: Envelope {
            name,
            version,
            key_id: key_id.map(Box::from),
            headers: headers.map(Box::new),
            body: Bytes::copy_from_slice(row.try_get(14)?),
        },
        priority: Priority::from_rank(row.try_get(3)?),
        run_at,
        created_at: time_if(row, 5)?.unwrap_or(run_at),
        attempts: count(row, 6)?,
        deferrals: count(row, 8)?,
        max_attempts: u16::try_from(row.try_get::<i16, _>(9)?).unwrap_or(1),
        extras: extras.map(Box::new),
        cancel_requested: row.try_get(10)?,
        damage: (!damage.0.is_empty()).then(|| damage.0.join("; ")),
    })
}

/// Reads a job as a person sees it; what cannot be read shows empty.
pub(super) fn record(row: &PgRow, names: &Names) -> Result<JobRecord, sqlx::Error> {
    let job = claimed(row, names)?;
    // A state that a newer version wrote shows as the one that nobody acts on by itself.
    let state = u8::try_from(row.try_get::<i16, _>(15)?).ok();
    let state = state
        .and_then(|code| JobState::from_code(code).ok())
        .unwrap_or(JobState::Dead);
    let text =
        |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let worker: Option<Uuid> = row.try_get(19)?;
    let failures: Option<Vec<String>> = row.try_get(22)?;
    let at = job.created_at;
    let failures = failures.unwrap_or_default().into_iter().map(|json| {
        serde_json::from_str(&json)
            .unwrap_or_else(|_| Failure::new(FailureKind::Unknown, json, 0, at))
    });
    Ok(JobRecord {
        id: job.lease.job,
        envelope: job.envelope,
        queue: job.lease.queue,
        priority: job.priority,
        state,
        run_at: job.run_at,
        created_at: job.created_at,
        claimed_at: time_if(row, 16)?,
        ended_at: time_if(row, 17)?,
        keep_until: time_if(row, 18)?,
        deliveries: job.lease.delivery,
        attempts: job.attempts,
        deferrals: job.deferrals,
        max_attempts: job.max_attempts,
        extras: job.extras,
        worker: worker.map(WorkerId::from),
        cancel_requested: job.cancel_requested,
        reason: text(row.try_get(20)?),
        output: row
            .try_get::<Option<&[u8]>, _>(21)?
            .map(Bytes::copy_from_slice),
        failures: failures.collect(),
    })
}
