//! The hot path out: telling the store the outcome of a delivery.

use std::fmt::Write;
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
    let mut answers: Vec<Option<Settled>> = vec![None; settlements.len()];
    remove_together(desk, worker, settlements, now, &mut answers)?;
    let mut all = Vec::with_capacity(answers.len());
    for (settlement, answer) in settlements.iter().zip(answers) {
        all.push(match answer {
            Some(answer) => answer,
            None => apply(desk, worker, settlement, now)?,
        });
    }
    desk.settled(settlements, &all);
    Ok(all)
}

/// From how many on removing them by one statement pays.
const TOGETHER: usize = 4;

/// Most outcomes are "done, remove it": these are checked by one statement and removed by another,
/// since each statement opens all indexes anew. What has no answer afterwards is left to do.
fn remove_together(
    desk: &Desk<'_>,
    worker: WorkerId,
    settlements: &[Settlement],
    now: Timestamp,
    answers: &mut [Option<Settled>],
) -> Result<(), Fault> {
    let mut rows: Vec<(i64, usize)> = Vec::with_capacity(settlements.len());
    for (place, settlement) in settlements.iter().enumerate() {
        let (seq, marks) = rows::of_token(settlement.lease.token);
        if marks == Marks::NONE && settlement.target(now).is_none() && settlement.follow.is_empty()
        {
            rows.push((seq, place));
        }
    }
    // Of two that name one row, the second is left to do and finds it gone.
    rows.sort_unstable();
    rows.dedup_by_key(|&mut (seq, _)| seq);
    if rows.len() < TOGETHER {
        return Ok(());
    }
    for &(_, place) in &rows {
        answers[place] = Some(Settled::LeaseLost);
    }
    let mut check = desk.statement(
        "SELECT seq, id, deliveries FROM bus_jobs \
         WHERE seq IN (SELECT value FROM json_each(?1)) AND state = 2 AND worker = ?2",
    )?;
    let asked = list(rows.iter().map(|&(seq, _)| seq));
    let mut found = check.query((asked, worker.as_bytes()))?;
    let mut valid = Vec::with_capacity(rows.len());
    while let Some(row) = found.next()? {
        let (seq, id, delivery): (i64, [u8; 16], i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let place = rows.binary_search_by_key(&seq, |&(seq, _)| seq);
        let Some(&(_, place)) = place.ok().and_then(|at| rows.get(at)) else {
            continue;
        };
        let lease = &settlements[place].lease;
        if lease.job.as_bytes() == &id && i64::from(lease.delivery) == delivery {
            answers[place] = Some(Settled::Applied);
            valid.push(seq);
        }
    }
    drop(found);
    let remove = "DELETE FROM bus_jobs WHERE seq IN (SELECT value FROM json_each(?1))";
    desk.execute(remove, [list(valid)])?;
    Ok(())
}

/// Numbers as a parameter.
fn list(numbers: impl IntoIterator<Item = i64>) -> String {
    let mut list = String::from("[");
    for number in numbers {
        if list.len() > 1 {
            list.push(',');
        }
        write!(list, "{number}").expect("writing to a string");
    }
    list.push(']');
    list
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
    match (settlement.target(now), settlement.failure.as_deref()) {
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
