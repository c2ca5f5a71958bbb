//! Workers' lives and the upkeep: heartbeat, disown, retire, rescue, prune.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::desk::Desk;
use super::fault::Fault;
use super::jobs::asked_to_end;
use super::rows::{self, CLAIMED, Marks};
use crate::clock::Timestamp;
use crate::driver::{Claimed, Heartbeat, MAX_BATCH, Rescue, Rescued, WorkerInfo};
use crate::id::{JobId, WorkerId};
use crate::job::Failure;

/// The worker lives for another lease.
pub(super) fn heartbeat(
    desk: &mut Desk<'_>,
    worker: &WorkerInfo,
    now: Timestamp,
) -> Result<Heartbeat, Fault> {
    desk.begin()?;
    let expires_at = now + worker.lease;
    let info = WorkerInfo {
        expires_at,
        ..worker.clone()
    };
    let info = serde_json::to_string(&info).expect("strings, numbers and lists always serialise");
    let (id, expires_at) = (worker.id.as_bytes(), expires_at.as_micros());
    let known = "UPDATE bus_workers SET expires_at = ?2, info = ?3 WHERE id = ?1";
    let registered = desk.execute(known, (id, expires_at, &info))? == 0;
    if registered {
        let new = "INSERT INTO bus_workers (id, expires_at, info) VALUES (?1, ?2, ?3)";
        desk.execute(new, (id, expires_at, &info))?;
    }
    Ok(Heartbeat {
        cancelled: asked_to_end(desk, worker.id)?,
        registered,
        // All who share a file share the machine's clock.
        store_time: None,
    })
}

/// Gives back at most a batch of what the worker holds and does not name.
pub(super) fn disown(
    desk: &mut Desk<'_>,
    worker: WorkerId,
    held: &HashSet<JobId>,
) -> Result<usize, Fault> {
    desk.begin()?;
    let lost = {
        let mut running = desk.statement(
            "SELECT seq, id, queue FROM bus_jobs INDEXED BY bus_jobs_running \
             WHERE state = 2 AND worker = ?1",
        )?;
        let mut rows = running.query([worker.as_bytes()])?;
        let mut lost: Vec<(i64, i64)> = Vec::new();
        while let Some(row) = rows.next()?.filter(|_| lost.len() < MAX_BATCH) {
            if !held.contains(&JobId::from_bytes(row.get(1)?)) {
                lost.push((row.get(0)?, row.get(2)?));
            }
        }
        lost
    };
    for &(seq, queue) in &lost {
        let back = "UPDATE bus_jobs SET state = 0, worker = NULL WHERE seq = ?1";
        desk.execute(back, [seq])?;
        let queue = desk.queue_name(queue)?;
        desk.wake(&queue);
    }
    Ok(lost.len())
}

/// The worker is no longer registered.
pub(super) fn deregister(desk: &mut Desk<'_>, worker: WorkerId) -> Result<(), Fault> {
    desk.begin()?;
    let gone = "DELETE FROM bus_workers WHERE id = ?1";
    desk.execute(gone, [worker.as_bytes()])?;
    Ok(())
}

/// A worker whose jobs may be taken.
struct Lost {
    id: WorkerId,
    registered: bool,
}

/// Those whose lease is over, and those that hold jobs and are unknown.
fn lost_workers(desk: &Desk<'_>, but: WorkerId, now: Timestamp) -> Result<Vec<Lost>, Fault> {
    // The second half steps from worker to worker through the index, whatever each one holds.
    let sql = "SELECT id, 1 FROM bus_workers WHERE expires_at <= ?1 AND id <> ?2 \
        UNION ALL SELECT id, 0 FROM ( \
            WITH RECURSIVE holder (id) AS ( \
                SELECT min(worker) FROM bus_jobs INDEXED BY bus_jobs_running WHERE state = 2 \
                UNION ALL \
                SELECT (SELECT min(worker) FROM bus_jobs INDEXED BY bus_jobs_running \
                        WHERE state = 2 AND worker > holder.id) \
                FROM holder WHERE holder.id IS NOT NULL) \
            SELECT id FROM holder WHERE id IS NOT NULL AND id <> ?2 \
                AND id NOT IN (SELECT id FROM bus_workers))";
    let mut found = desk.statement(sql)?;
    let mut rows = found.query((now.as_micros(), but.as_bytes()))?;
    let mut lost = Vec::new();
    while let Some(row) = rows.next()? {
        lost.push(Lost {
            id: WorkerId::from_bytes(row.get(0)?),
            registered: row.get(1)?,
        });
    }
    Ok(lost)
}

/// Takes jobs from lost workers. Without any it writes nothing.
pub(super) fn rescue(
    desk: &mut Desk<'_>,
    rescue: &Rescue,
    now: Timestamp,
) -> Result<Rescued, Fault> {
    let mut rescued = Rescued::default();
    if !desk.has_begun() && lost_workers(desk, rescue.by, now)?.is_empty() {
        return Ok(rescued);
    }
    desk.begin()?;
    for lost in lost_workers(desk, rescue.by, now)? {
        let left = rescue.limit.min(MAX_BATCH) - rescued.moved();
        for job in held_by(desk, lost.id, left)? {
            take_over(desk, job, lost.id, rescue, now, &mut rescued)?;
        }
        if lost.registered && held_by(desk, lost.id, 1)?.is_empty() {
            deregister(desk, lost.id)?;
            rescued.buried.push(lost.id);
        }
    }
    Ok(rescued)
}

static HELD: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {CLAIMED}, queue FROM bus_jobs INDEXED BY bus_jobs_running \
         WHERE state = 2 AND worker = ?1 LIMIT ?2"
    )
});

/// Some of the jobs in a worker's hands.
fn held_by(desk: &Desk<'_>, worker: WorkerId, limit: usize) -> Result<Vec<Claimed>, Fault> {
    let mut held = desk.statement(&HELD)?;
    let mut rows = held.query((worker.as_bytes(), rows::bounded(limit)))?;
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        let queue = desk.queue_name(row.get(17)?)?;
        jobs.push(rows::claimed(desk, row, &queue, 0)?);
    }
    Ok(jobs)
}

/// Takes one job from a lost worker: back to its queue, or into the rescuer's hands.
fn take_over(
    desk: &mut Desk<'_>,
    mut job: Claimed,
    lost: WorkerId,
    rescue: &Rescue,
    now: Timestamp,
    rescued: &mut Rescued,
) -> Result<(), Fault> {
    let (seq, marks) = rows::of_token(job.lease.token);
    job.attempts = job.attempts.saturating_add(1);
    rows::remember(desk, seq, &Failure::lost(lost, job.attempts, now))?;
    if job.attempts < u32::from(job.max_attempts) && !job.cancel_requested {
        let due = rescue.retry_at <= now;
        let back = "UPDATE bus_jobs SET state = ?2, run_at = ?3, attempts = ?4, worker = NULL, \
            marks = marks | ?5 WHERE seq = ?1";
        let state = if due { 0 } else { 3 };
        let run_at = rescue.retry_at.as_micros();
        desk.execute(
            back,
            (seq, state, run_at, job.attempts, Marks::HISTORY.bits()),
        )?;
        if due {
            desk.wake(&job.lease.queue);
        }
        rescued.retried += 1;
        return Ok(());
    }
    job.lease.delivery = job.lease.delivery.saturating_add(1);
    job.lease.token = rows::token(seq, marks.with(Marks::HISTORY));
    let over = "UPDATE bus_jobs SET worker = ?2, deliveries = ?3, attempts = ?4, claimed_at = ?5, \
        marks = marks | ?6 WHERE seq = ?1";
    let by = rescue.by.as_bytes();
    let (delivery, marks) = (job.lease.delivery, Marks::HISTORY.bits());
    desk.execute(
        over,
        (seq, by, delivery, job.attempts, now.as_micros(), marks),
    )?;
    rescued.exhausted.push(job);
    Ok(())
}

/// Removes ended jobs whose time is over.
pub(super) fn prune(desk: &mut Desk<'_>, limit: usize, now: Timestamp) -> Result<u64, Fault> {
    let find = "SELECT seq, marks FROM bus_jobs INDEXED BY bus_jobs_ended \
        WHERE state >= 4 AND keep_until <= ?1 ORDER BY keep_until LIMIT ?2";
    let over = |desk: &Desk<'_>| -> Result<Vec<(i64, Marks)>, Fault> {
        let mut found = desk.statement(find)?;
        let rows = found.query_map((now.as_micros(), rows::bounded(limit)), |row| {
            Ok((row.get(0)?, Marks::from_bits(row.get(1)?)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    if !desk.has_begun() && over(desk)?.is_empty() {
        return Ok(0);
    }
    desk.begin()?;
    let gone = over(desk)?;
    for &(seq, marks) in &gone {
        desk.execute("DELETE FROM bus_jobs WHERE seq = ?1", [seq])?;
        rows::forget(desk, seq, marks)?;
    }
    Ok(gone.len() as u64)
}
