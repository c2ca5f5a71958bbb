//! Jobs as rows of the table: one by one, or many by one statement.

use std::sync::LazyLock;

use rusqlite::{ErrorCode, params};

use super::desk::Desk;
use super::fault::Fault;
use super::rows::{self, Marks};
use crate::clock::Timestamp;
use crate::driver::{Claimed, Pushed};
use crate::id::WorkerId;
use crate::job::{JobState, NewJob};

/// Payloads above this many bytes stand apart.
const INLINE_BODY: usize = 2_048;

const INSERT: &str = "INSERT INTO bus_jobs (id, state, queue, rank, run_at, marks, worker, \
    deliveries, max_attempts, version, name, created_at, claimed_at, key_id, headers, extras, body) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) \
    ON CONFLICT (id) DO NOTHING";

/// Stores one job, in the hands of `worker` if one takes it.
pub(super) fn store(
    desk: &mut Desk<'_>,
    job: &NewJob,
    worker: Option<WorkerId>,
    now: Timestamp,
) -> Result<Pushed, Fault> {
    let queue = desk.queue_or_new(&job.queue)?.seq;
    let due = job.run_at <= now;
    let state = match (due, worker) {
        (false, _) => JobState::Scheduled,
        (true, None) => JobState::Available,
        (true, Some(_)) => JobState::Running,
    };
    let envelope = &job.envelope;
    let inline = envelope.body.len() <= INLINE_BODY;
    let marks = if inline { Marks::NONE } else { Marks::BODY };
    let headers = envelope.headers.as_ref().map(|headers| headers.to_json());
    let extras = job.extras.as_ref().map(|extras| extras.to_json());
    let changed = desk.statement(INSERT)?.execute(params![
        job.id.as_bytes(),
        state.code(),
        queue,
        job.priority.rank(),
        job.run_at.as_micros(),
        marks.bits(),
        worker.as_ref().map(|worker| worker.as_bytes()),
        u8::from(worker.is_some()),
        job.max_attempts,
        envelope.version,
        envelope.name.as_str(),
        now.as_micros(),
        worker.map(|_| now.as_micros()),
        envelope.key_id.as_deref(),
        headers,
        extras,
        inline.then_some(&*envelope.body),
    ])?;
    if changed == 0 {
        return Ok(Pushed::Duplicate(job.id));
    }
    let seq = desk.connection().last_insert_rowid();
    if !inline {
        let apart = "INSERT INTO bus_bodies (job, body) VALUES (?1, ?2)";
        desk.execute(apart, (seq, &*envelope.body))?;
    }
    match worker {
        Some(_) => {
            let token = rows::token(seq, marks);
            desk.hand_off(Claimed::handed(job.clone(), token, now));
        }
        None if due => desk.wake(&job.queue),
        None => {}
    }
    Ok(Pushed::Stored)
}

/// So many plain jobs are stored by one statement, since each statement opens all indexes anew.
/// More gain little.
pub(super) const ROWS: usize = 16;

static INSERT_ROWS: LazyLock<String> = LazyLock::new(|| {
    let row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    format!(
        "INSERT INTO bus_jobs (id, state, queue, rank, run_at, max_attempts, version, name, \
         created_at, body) VALUES {}",
        [row; ROWS].join(", ")
    )
});

/// Whether a job has nothing that few jobs have.
pub(super) fn is_plain(job: &NewJob) -> bool {
    let envelope = &job.envelope;
    envelope.body.len() <= INLINE_BODY
        && envelope.key_id.is_none()
        && envelope.headers.is_none()
        && job.extras.is_none()
}

/// Stores [plain](is_plain) jobs that nobody takes at once; false and nothing, if one of them is
/// stored already.
pub(super) fn store_rows(
    desk: &mut Desk<'_>,
    jobs: &[NewJob; ROWS],
    now: Timestamp,
) -> Result<bool, Fault> {
    let mut insert = desk.statement(&INSERT_ROWS)?;
    let mut at = 1;
    for job in jobs {
        let queue = desk.queue_or_new(&job.queue)?.seq;
        let state = match job.run_at <= now {
            true => JobState::Available,
            false => JobState::Scheduled,
        };
        let values = params![
            job.id.as_bytes(),
            state.code(),
            queue,
            job.priority.rank(),
            job.run_at.as_micros(),
            job.max_attempts,
            job.envelope.version,
            job.envelope.name.as_str(),
            now.as_micros(),
            &*job.envelope.body,
        ];
        for value in values {
            insert.raw_bind_parameter(at, value)?;
            at += 1;
        }
    }
    match insert.raw_execute() {
        Ok(_) => {}
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            return Ok(false);
        }
        Err(error) => return Err(error.into()),
    }
    for job in jobs.iter().filter(|job| job.run_at <= now) {
        desk.wake(&job.queue);
    }
    Ok(true)
}
