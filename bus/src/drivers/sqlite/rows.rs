//! From rows to jobs: whatever a row holds, it can be handed out and shown.

use bytes::Bytes;
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row};

use super::desk::Desk;
use super::fault::Fault;
use crate::clock::Timestamp;
use crate::codec::{Envelope, Headers};
use crate::driver::{Claimed, Lease, MAX_BATCH};
use crate::id::{CommandName, JobId, QueueName, WorkerId};
use crate::job::{Failure, JobExtras, JobRecord, JobState, Priority};

/// Where else there is something of a job; kept in its row and in each lease, so that a settle
/// knows without looking which other tables to clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks(u8);

impl Marks {
    pub(super) const NONE: Self = Self(0);
    /// The payload is large and stands in `bus_bodies`.
    pub(super) const BODY: Self = Self(1);
    /// There are lines in `bus_failures`.
    pub(super) const HISTORY: Self = Self(2);

    pub(super) const fn has(self, mark: Self) -> bool {
        self.0 & mark.0 != 0
    }

    pub(super) const fn with(self, mark: Self) -> Self {
        Self(self.0 | mark.0)
    }

    pub(super) const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    pub(super) const fn bits(self) -> u8 {
        self.0
    }
}

/// A lease's token: the row's number and its marks.
pub(super) fn token(seq: i64, marks: Marks) -> u64 {
    (seq.cast_unsigned() << 8) | u64::from(marks.0)
}

/// What [`token`] was made of.
pub(super) fn of_token(token: u64) -> (i64, Marks) {
    let [marks, ..] = token.to_le_bytes();
    ((token >> 8).cast_signed(), Marks(marks))
}

/// The columns of a job in anybody's hands, in the order [`claimed`] reads them.
pub(super) const CLAIMED: &str = "seq, id, marks, deliveries, name, version, key_id, headers, \
    body, rank, run_at, created_at, attempts, deferrals, max_attempts, extras, cancel";

/// The columns of a whole job, in the order [`record`] reads them. Begins as [`CLAIMED`].
pub(super) const RECORD: &str = "seq, id, marks, deliveries, name, version, key_id, headers, \
    body, rank, run_at, created_at, attempts, deferrals, max_attempts, extras, cancel, \
    state, queue, claimed_at, ended_at, keep_until, worker, reason, output";

/// Reads columns leniently and notes what it could not read.
struct Reading<'r, 'stmt> {
    row: &'r Row<'stmt>,
    damage: Option<String>,
}

impl<'r, 'stmt> Reading<'r, 'stmt> {
    const fn of(row: &'r Row<'stmt>) -> Self {
        Self { row, damage: None }
    }

    fn value(&self, column: usize) -> ValueRef<'r> {
        self.row.get_ref(column).unwrap_or(ValueRef::Null)
    }

    fn broken(&mut self, what: &str) {
        self.damage
            .get_or_insert_with(|| format!("the stored {what} cannot be read"));
    }

    fn int(&self, column: usize) -> Option<i64> {
        self.value(column).as_i64().ok()
    }

    fn number<T: TryFrom<i64> + Default>(&mut self, column: usize, what: &str) -> T {
        let read = self.int(column).and_then(|number| T::try_from(number).ok());
        read.unwrap_or_else(|| {
            self.broken(what);
            T::default()
        })
    }

    fn time(&self, column: usize) -> Option<Timestamp> {
        self.int(column).map(Timestamp::from_micros)
    }

    fn bytes(&self, column: usize) -> Option<&'r [u8]> {
        match self.value(column) {
            ValueRef::Blob(bytes) | ValueRef::Text(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn text(&mut self, column: usize, what: &str) -> Option<&'r str> {
        let text = std::str::from_utf8(self.bytes(column)?);
        text.map_err(|_| self.broken(what)).ok()
    }

    fn sixteen(&self, column: usize) -> Option<[u8; 16]> {
        self.bytes(column)?.try_into().ok()
    }

    fn envelope(&mut self, body: Bytes) -> Envelope {
        let name = self
            .text(4, "name")
            .and_then(|text| CommandName::new(text).ok());
        let name = name.unwrap_or_else(|| {
            self.broken("name");
            CommandName::UNREADABLE
        });
        let key_id = self.text(6, "key id").map(Box::from);
        let headers = self.bytes(7).and_then(|json| {
            let headers = Headers::from_json(json);
            headers.map_err(|_| self.broken("headers")).ok()
        });
        Envelope {
            name,
            version: self.number(5, "version"),
            key_id,
            headers: headers.map(Box::new),
            body,
        }
    }

    fn extras(&mut self) -> Option<Box<JobExtras>> {
        let extras = JobExtras::from_json(self.bytes(15)?);
        extras.map_err(|_| self.broken("extras")).ok().map(Box::new)
    }

    fn priority(&mut self) -> Priority {
        Priority::from_rank(self.number(9, "priority"))
    }

    /// The payload, wherever it stands.
    fn body(&mut self, desk: &Desk<'_>, seq: i64) -> Result<Bytes, Fault> {
        if let Some(body) = self.bytes(8) {
            return Ok(Bytes::copy_from_slice(body));
        }
        let mut apart = desk.statement("SELECT body FROM bus_bodies WHERE job = ?1")?;
        let body: Option<Vec<u8>> = apart.query_row([seq], |row| row.get(0)).optional()?;
        Ok(body.map(Bytes::from).unwrap_or_else(|| {
            self.broken("payload");
            Bytes::new()
        }))
    }
}

/// A row of [`CLAIMED`] as the worker gets it; `delivery` is added to the stored number.
pub(super) fn claimed(
    desk: &Desk<'_>,
    row: &Row<'_>,
    queue: &QueueName,
    delivery: u32,
) -> Result<Claimed, Fault> {
    let mut read = Reading::of(row);
    let seq = read.int(0).unwrap_or_default();
    let marks = Marks(read.number(2, "marks"));
    let body = read.body(desk, seq)?;
    let lease = Lease {
        job: JobId::from_bytes(read.sixteen(1).unwrap_or_default()),
        queue: queue.clone(),
        delivery: read.number::<u32>(3, "deliveries").saturating_add(delivery),
        token: token(seq, marks),
    };
    Ok(Claimed {
        lease,
        envelope: read.envelope(body),
        priority: read.priority(),
        run_at: read.time(10).unwrap_or(Timestamp::EPOCH),
        created_at: read.time(11).unwrap_or(Timestamp::EPOCH),
        attempts: read.number(12, "attempts"),
        deferrals: read.number(13, "deferrals"),
        max_attempts: read.number(14, "limit of attempts"),
        extras: read.extras(),
        cancel_requested: read.int(16) == Some(1),
        damage: read.damage,
    })
}

/// A row of [`RECORD`] as people see it, with its history.
pub(super) fn record(desk: &Desk<'_>, row: &Row<'_>) -> Result<JobRecord, Fault> {
    let mut read = Reading::of(row);
    let seq = read.int(0).unwrap_or_default();
    let body = read.body(desk, seq)?;
    // A state of a newer version needs a person: it shows as dead.
    let state = JobState::from_code(read.number(17, "state")).unwrap_or(JobState::Dead);
    Ok(JobRecord {
        id: JobId::from_bytes(read.sixteen(1).unwrap_or_default()),
        envelope: read.envelope(body),
        queue: desk.queue_name(read.int(18).unwrap_or_default())?,
        priority: read.priority(),
        state,
        run_at: read.time(10).unwrap_or(Timestamp::EPOCH),
        created_at: read.time(11).unwrap_or(Timestamp::EPOCH),
        claimed_at: read.time(19),
        ended_at: read.time(20),
        keep_until: read.time(21),
        deliveries: read.number(3, "deliveries"),
        attempts: read.number(12, "attempts"),
        deferrals: read.number(13, "deferrals"),
        max_attempts: read.number(14, "limit of attempts"),
        extras: read.extras(),
        worker: read.sixteen(22).map(WorkerId::from_bytes),
        cancel_requested: read.int(16) == Some(1),
        reason: read.text(23, "reason").map(str::to_owned),
        output: read.bytes(24).map(Bytes::copy_from_slice),
        failures: failures(desk, seq)?,
    })
}

/// A job's history, oldest first. Lines that cannot be read are passed over.
fn failures(desk: &Desk<'_>, seq: i64) -> Result<Vec<Failure>, Fault> {
    let mut history =
        desk.statement("SELECT failure FROM bus_failures WHERE job = ?1 ORDER BY n")?;
    let mut rows = history.query([seq])?;
    let mut failures = Vec::new();
    while let Some(row) = rows.next()? {
        let json = Reading::of(row).bytes(0).unwrap_or_default();
        failures.extend(serde_json::from_slice::<Failure>(json));
    }
    Ok(failures)
}

/// Appends to a job's history; the oldest lines go.
pub(super) fn remember(desk: &Desk<'_>, seq: i64, failure: &Failure) -> Result<(), Fault> {
    let append = "INSERT INTO bus_failures (job, n, failure) VALUES (?1, \
        (SELECT coalesce(max(n), 0) + 1 FROM bus_failures WHERE job = ?1), ?2)";
    desk.execute(append, (seq, failure.to_json()))?;
    let kept = i64::try_from(Failure::KEPT).expect("a small number");
    let trim = "DELETE FROM bus_failures WHERE job = ?1 AND n <= \
        (SELECT max(n) FROM bus_failures WHERE job = ?1) - ?2";
    desk.execute(trim, (seq, kept))?;
    Ok(())
}

/// A limit as a parameter, at most a batch.
pub(super) fn bounded(limit: usize) -> i64 {
    i64::try_from(limit.min(MAX_BATCH)).expect("a batch is small")
}

/// Removes what stands apart of a job whose row is gone.
pub(super) fn forget(desk: &Desk<'_>, seq: i64, marks: Marks) -> Result<(), Fault> {
    if marks.has(Marks::BODY) {
        desk.execute("DELETE FROM bus_bodies WHERE job = ?1", [seq])?;
    }
    if marks.has(Marks::HISTORY) {
        desk.execute("DELETE FROM bus_failures WHERE job = ?1", [seq])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_number_and_marks() {
        for seq in [1, 77, i64::MAX >> 8] {
            let token = token(seq, Marks::HISTORY);
            assert_eq!(of_token(token), (seq, Marks::HISTORY));
        }
    }
}
