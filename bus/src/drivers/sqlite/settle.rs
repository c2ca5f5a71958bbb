//! The hot path out: telling the store the outcome of a delivery.

use std::sync::Arc;

use rusqlite::params;

use super::desk::Desk;
use super::fault::Fault;
use super::jobs;
use super::rows::{self, Marks};
use crate::clock::Timestamp;
use crate::driver::{Counted, Ending, Keep, Settled, Settlement};
use crate::id::WorkerId;
use crate::job::JobState;

/// Applies outcomes; watchers are told after the commit.
pub(super) fn settle(
    desk: &mut Desk<'_>,
    worker: WorkerId,
    settlements: &Arc<[Settlement]>,
    now: Timestamp,
) -> Result<Vec<Settled>, Fault> {
    desk.begin()?;
    let answers: Result<Vec<Settled>, Fault> = settlements
        .iter()
        .map(|settlement| apply(desk, worker, settlement, now))
        .collect();
    let answers = answers?;
    desk.settled(settlements, &answers);
    Ok(answers)
}

/// Applies one outcome, if the lease is valid.
fn apply(
    desk: &mut Desk<'_>,
    worker: WorkerId,
    settlement: &Settlement,
    now: Timestamp,
) -> Result<Settled, Fault> {
    let (seq, marks) = rows::of_token(settlement.lease.token);
    let applied = match settlement.target(now) {
        None => remove(desk, worker, settlement, seq)?,
        Some(state) => change(desk, worker, settlement, state, now)?,
    };
    if !applied {
        return Ok(Settled::LeaseLost);
    }
    match (settlement.target(now), &settlement.failure) {
        (None, _) => rows::forget(desk, seq, marks)?,
        (Some(_), Some(failure)) => rows::remember(desk, seq, failure)?,
        (Some(_), None) => {}
    }
    if settlement.target(now) == Some(JobState::Available) {
        desk.wake(&settlement.lease.queue);
    }
    if !settlement.follow.is_empty() {
        jobs::check(&settlement.follow)?;
        jobs::push_all(desk, &settlement.follow, now)?;
    }
    Ok(Settled::Applied)
}

fn remove(
    desk: &Desk<'_>,
    worker: WorkerId,
    settlement: &Settlement,
    seq: i64,
) -> Result<bool, Fault> {
    let lease = &settlement.lease;
    let sql = "DELETE FROM bus_jobs \
        WHERE seq = ?1 AND id = ?2 AND state = 2 AND worker = ?3 AND deliveries = ?4";
    let fence = (seq, lease.job.as_bytes(), worker.as_bytes(), lease.delivery);
    Ok(desk.execute(sql, fence)? == 1)
}

const CHANGE: &str = "UPDATE bus_jobs SET state = ?5, worker = NULL, attempts = attempts + ?6, \
    deferrals = deferrals + ?7, run_at = coalesce(?8, run_at), ended_at = ?9, keep_until = ?10, \
    reason = ?11, output = ?12, marks = marks | ?13 \
    WHERE seq = ?1 AND id = ?2 AND state = 2 AND worker = ?3 AND deliveries = ?4";

fn change(
    desk: &Desk<'_>,
    worker: WorkerId,
    settlement: &Settlement,
    state: JobState,
    now: Timestamp,
) -> Result<bool, Fault> {
    let lease = &settlement.lease;
    let (seq, _) = rows::of_token(lease.token);
    let (mut run_at, mut keep, mut reason, mut output) = (None, None, None, None);
    match &settlement.ending {
        Ending::Completed {
            output: given,
            keep: time,
        } => {
            output = given.as_deref();
            keep = Some(*time);
        }
        Ending::Cancelled {
            reason: why,
            keep: time,
        }
        | Ending::Dead {
            reason: why,
            keep: time,
        } => {
            reason = Some(why.as_str());
            keep = Some(*time);
        }
        Ending::Retry { at } | Ending::Defer { at } => run_at = Some(at.as_micros()),
        Ending::Release => {}
    }
    let marks = match settlement.failure {
        Some(_) => Marks::HISTORY,
        None => Marks::NONE,
    };
    let changed = desk.statement(CHANGE)?.execute(params![
        seq,
        lease.job.as_bytes(),
        worker.as_bytes(),
        lease.delivery,
        state.code(),
        u8::from(settlement.counted == Counted::Attempt),
        u8::from(settlement.counted == Counted::Deferral),
        run_at,
        state.is_final().then_some(now.as_micros()),
        keep.and_then(|keep| kept_until(keep, now)),
        reason,
        output,
        marks.bits(),
    ])?;
    Ok(changed == 1)
}

/// From when on a kept row may be pruned; not to be kept is to be kept until now.
pub(super) fn kept_until(keep: Keep, now: Timestamp) -> Option<i64> {
    match keep {
        Keep::Drop => Some(now.as_micros()),
        Keep::Until(until) => Some(until.as_micros()),
        Keep::Forever => None,
    }
}
