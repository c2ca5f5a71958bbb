//! The hot path in: storing and taking.

use std::sync::LazyLock;

use super::desk::Desk;
use super::fault::Fault;
use super::insert::{ROWS, is_plain, store, store_rows};
use super::rows::{self, CLAIMED};
use crate::clock::Timestamp;
use crate::driver::{ClaimRequest, Claimed, Claims, MAX_BATCH, Promoted, Pushed};
use crate::id::{JobId, QueueName, WorkerId};
use crate::job::NewJob;

/// Refuses what this store does not keep.
pub(super) fn check(jobs: &[NewJob]) -> Result<(), Fault> {
    let tied = |job: &NewJob| {
        job.links().is_some_and(|links| {
            links.unique.is_some()
                || links.batch.is_some()
                || !links.concurrency.is_empty()
                || !links.rates.is_empty()
        })
    };
    match jobs.iter().any(tied) {
        true => Err(Fault::Unsupported),
        false => Ok(()),
    }
}

/// Stores jobs; those that a worker of this process takes at once are its own.
pub(super) fn push(
    desk: &mut Desk<'_>,
    jobs: &[NewJob],
    now: Timestamp,
) -> Result<Vec<Pushed>, Fault> {
    desk.begin()?;
    let mut places: Vec<usize> = Vec::new();
    let mut handed: Vec<bool> = Vec::new();
    choose(desk, jobs, now, &mut places, &mut handed)?;
    let mut pushed = Vec::with_capacity(jobs.len());
    while let Some(job) = jobs.get(pushed.len()) {
        let place = pushed.len();
        let worker = match handed.get(place) {
            Some(true) => desk.taker(&job.queue),
            _ => None,
        };
        let group = jobs[place..].first_chunk::<ROWS>();
        let waits = |group: &&[NewJob; ROWS]| {
            let handed = handed.get(place..place + ROWS).unwrap_or_default();
            !handed.contains(&true) && group.iter().all(is_plain)
        };
        match group.filter(waits) {
            Some(group) if store_rows(desk, group, now)? => pushed.extend([Pushed::Stored; ROWS]),
            _ => pushed.push(store(desk, job, worker, now)?),
        }
    }
    Ok(pushed)
}

/// Stores jobs that follow from another: none is handed off.
pub(super) fn push_all(desk: &mut Desk<'_>, jobs: &[NewJob], now: Timestamp) -> Result<(), Fault> {
    for job in jobs {
        store(desk, job, None, now)?;
    }
    Ok(())
}

/// Chooses those that skip the queue: the first in its order, as many as the workers take.
fn choose(
    desk: &mut Desk<'_>,
    jobs: &[NewJob],
    now: Timestamp,
    places: &mut Vec<usize>,
    handed: &mut Vec<bool>,
) -> Result<(), Fault> {
    if !desk.has_takers() {
        return Ok(());
    }
    let order = |&place: &usize| {
        let job = &jobs[place];
        (job.queue.clone(), job.priority.rank(), job.run_at, place)
    };
    places.extend((0..jobs.len()).filter(|&place| jobs[place].run_at <= now));
    places.sort_by_cached_key(order);
    handed.resize(jobs.len(), false);
    for group in places.chunk_by(|&one, &two| jobs[one].queue == jobs[two].queue) {
        let queue = &jobs[group[0]].queue;
        if desk.queue_or_new(queue)?.paused {
            continue;
        }
        let taken = desk.reserve(queue, group.len());
        for &place in &group[..taken] {
            handed[place] = true;
        }
    }
    Ok(())
}

/// Takes due jobs. Without any it writes nothing.
pub(super) fn claim(
    desk: &mut Desk<'_>,
    worker: WorkerId,
    request: &ClaimRequest,
    now: Timestamp,
) -> Result<Claims, Fault> {
    let mut claims = Claims::default();
    let mut left = request.limit.min(MAX_BATCH);
    if left > 0 && (desk.has_begun() || is_worth_it(desk, request, now)?) {
        desk.begin()?;
        if next_due(desk)?.is_some_and(|due| due <= now) {
            promote(desk, MAX_BATCH, now)?;
        }
        for share in &request.shares {
            let limit = share.limit.min(left);
            if limit == 0 {
                continue;
            }
            if let Some(queue) = desk.queue(&share.queue)?.filter(|queue| !queue.paused) {
                let before = claims.jobs.len();
                take(
                    desk,
                    worker,
                    (&share.queue, queue.seq),
                    limit,
                    now,
                    &mut claims.jobs,
                )?;
                left -= claims.jobs.len() - before;
            }
        }
    }
    claims.cancelled = asked_to_end(desk, worker)?;
    claims.next_due = next_due(desk)?;
    Ok(claims)
}

/// Whether a claim would find anything: asked without a lock, so that idle workers cost nobody a
/// write.
fn is_worth_it(desk: &mut Desk<'_>, request: &ClaimRequest, now: Timestamp) -> Result<bool, Fault> {
    if next_due(desk)?.is_some_and(|due| due <= now) {
        return Ok(true);
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM bus_jobs INDEXED BY bus_jobs_ready \
        WHERE state = 0 AND queue = ?1 AND run_at <= ?2)";
    for share in request.shares.iter().filter(|share| share.limit > 0) {
        if let Some(queue) = desk.queue(&share.queue)?.filter(|queue| !queue.paused)
            && desk
                .statement(sql)?
                .query_row((queue.seq, now.as_micros()), |row| row.get(0))?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

static READY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {CLAIMED} FROM bus_jobs INDEXED BY bus_jobs_ready \
         WHERE state = 0 AND queue = ?1 AND run_at <= ?2 ORDER BY rank, run_at, seq LIMIT ?3"
    )
});

fn take(
    desk: &Desk<'_>,
    worker: WorkerId,
    (name, queue): (&QueueName, i64),
    limit: usize,
    now: Timestamp,
    jobs: &mut Vec<Claimed>,
) -> Result<(), Fault> {
    let first = jobs.len();
    let mut ready = desk.statement(&READY)?;
    let mut found = ready.query((queue, now.as_micros(), rows::bounded(limit)))?;
    while let Some(row) = found.next()? {
        jobs.push(rows::claimed(desk, row, name, 1)?);
    }
    drop(found);
    if jobs.len() > first {
        // The same rows again: nothing has changed since within this transaction.
        let lease = "UPDATE bus_jobs SET state = 2, worker = ?4, deliveries = deliveries + 1, \
            claimed_at = ?2 WHERE seq IN ( \
                SELECT seq FROM bus_jobs INDEXED BY bus_jobs_ready \
                WHERE state = 0 AND queue = ?1 AND run_at <= ?2 \
                ORDER BY rank, run_at, seq LIMIT ?3)";
        let taken = rows::bounded(jobs.len() - first);
        desk.execute(lease, (queue, now.as_micros(), taken, worker.as_bytes()))?;
    }
    Ok(())
}

/// The running jobs of a worker that a person asked to end.
pub(super) fn asked_to_end(desk: &Desk<'_>, worker: WorkerId) -> Result<Vec<JobId>, Fault> {
    let mut asked = desk.statement(
        "SELECT id FROM bus_jobs INDEXED BY bus_jobs_asked \
         WHERE state = 2 AND cancel = 1 AND worker = ?1",
    )?;
    let ids = asked.query_map([worker.as_bytes()], |row| row.get(0))?;
    let ids: Result<Vec<[u8; 16]>, _> = ids.collect();
    Ok(ids?.into_iter().map(JobId::from_bytes).collect())
}

/// When the next waiting job is due.
fn next_due(desk: &Desk<'_>) -> Result<Option<Timestamp>, Fault> {
    let mut due = desk.statement(
        "SELECT min(run_at) FROM bus_jobs INDEXED BY bus_jobs_due WHERE state IN (1, 3)",
    )?;
    let due: Option<i64> = due.query_row([], |row| row.get(0))?;
    Ok(due.map(Timestamp::from_micros))
}

/// Makes due jobs available, the earliest first.
pub(super) fn promote(
    desk: &mut Desk<'_>,
    limit: usize,
    now: Timestamp,
) -> Result<Promoted, Fault> {
    let due = |next: Option<Timestamp>| next.is_some_and(|at| at <= now);
    let mut count = 0;
    if limit > 0 && (desk.has_begun() || due(next_due(desk)?)) {
        desk.begin()?;
        let mut woken: Vec<i64> = Vec::new();
        let mut promote = desk.statement(
            "UPDATE bus_jobs SET state = 0 WHERE seq IN ( \
                 SELECT seq FROM bus_jobs INDEXED BY bus_jobs_due \
                 WHERE state IN (1, 3) AND run_at <= ?1 ORDER BY run_at LIMIT ?2) \
             RETURNING queue",
        )?;
        let mut moved = promote.query((now.as_micros(), rows::bounded(limit)))?;
        while let Some(row) = moved.next()? {
            count += 1;
            let queue = row.get(0)?;
            if !woken.contains(&queue) {
                woken.push(queue);
            }
        }
        for queue in woken {
            let queue = desk.queue_name(queue)?;
            desk.wake(&queue);
        }
    }
    Ok(Promoted {
        count,
        next_due: next_due(desk)?,
    })
}
