//! Telling the store the outcomes: group commit, one statement for all that follows.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::super::batcher::Flush;
use super::fault::Fault;
use super::floor::Doubt;
use super::push;
use super::rows::{Entry, bind_entries};
use super::sql::query;
use super::store::Store;
use crate::clock::Timestamp;
use crate::driver::{Counted, Ending, Keep, MAX_BATCH, Settled, Settlement};
use crate::id::{JobId, WorkerId};
use crate::job::{Failure, JobState, NewJob};

/// A settlement with the time of its call.
pub(super) type Timed = (Settlement, Timestamp);

/// A following job weighs at least so much, so that a flush stores not too many.
const FOLLOWING: usize = push::MAX_BYTES / MAX_BATCH;

/// The group that settles what gathers.
#[derive(Debug)]
pub(super) struct Settles(pub(super) Arc<Store>);

impl Flush for Settles {
    type Item = (WorkerId, Timed);
    type Done = Settled;
    type Error = Fault;
    const ITEMS: usize = MAX_BATCH;
    const WEIGHT: usize = push::MAX_BYTES;

    fn weight((_, (one, _)): &Self::Item) -> usize {
        let output = match &one.ending {
            Ending::Completed { output, .. } => output.as_ref().map_or(0, Bytes::len),
            _ => 0,
        };
        let following = |job: &NewJob| FOLLOWING + job.envelope.body.len();
        output + one.follow.iter().map(following).sum::<usize>()
    }

    async fn flush(&self, batch: Vec<Self::Item>) -> Result<Vec<Settled>, Fault> {
        flush(&self.0, batch).await
    }

    fn dropped() -> Fault {
        Fault::ended()
    }
}

/// One statement a worker; nearly always there is one.
async fn flush(store: &Arc<Store>, batch: Vec<(WorkerId, Timed)>) -> Result<Vec<Settled>, Fault> {
    let mut settled = vec![Settled::LeaseLost; batch.len()];
    let mut workers: BTreeMap<WorkerId, (Vec<usize>, Vec<Timed>)> = BTreeMap::new();
    for (at, (worker, one)) in batch.into_iter().enumerate() {
        let (places, all) = workers.entry(worker).or_default();
        places.push(at);
        all.push(one);
    }
    for (worker, (places, all)) in workers {
        let shared = Arc::clone(store);
        let work = store.settle.here(move |connection| {
            Box::pin(async move {
                let applied = apply(&shared, connection, worker, &all).await?;
                announce(&shared, &all, &applied);
                Ok(applied)
            })
        });
        let applied = work.await?;
        for (at, applied) in places.into_iter().zip(applied) {
            if applied {
                settled[at] = Settled::Applied;
            }
        }
    }
    Ok(settled)
}

/// Applies settlements of one worker in one statement; which of them had a valid lease.
pub(super) async fn apply(
    store: &Store,
    connection: &mut PgConnection,
    worker: WorkerId,
    all: &[Timed],
) -> Result<Vec<bool>, Fault> {
    let follow: Vec<(&NewJob, JobId, Timestamp)> = all
        .iter()
        .flat_map(|(one, now)| one.follow.iter().map(move |job| (job, one.lease.job, *now)))
        .collect();
    if !follow.is_empty() {
        push::learn(store, connection, follow.iter().map(|(job, ..)| *job)).await?;
    }
    // The first of several with one lease counts; a job whose deliveries differ counts at most
    // once, as the fence sees to it.
    let mut seen = HashSet::with_capacity(all.len());
    let mut firsts: Vec<usize> = (0..all.len())
        .filter(|&at| seen.insert((all[at].0.lease.job, all[at].0.lease.delivery)))
        .collect();
    // By id: two who settle or cancel at once lock rows in one order.
    firsts.sort_unstable_by_key(|&at| all[at].0.lease.job);
    let sorted: Vec<&Timed> = firsts.iter().map(|&at| &all[at]).collect();
    let dropped = |(one, now): &&Timed| one.target(*now).is_none() && one.follow.is_empty();
    let statement = if sorted.iter().all(dropped) {
        bind_fence(query(&store.sql.drop), worker, &sorted)
    } else if follow.is_empty() {
        bind_changes(
            bind_fence(query(&store.sql.settle), worker, &sorted),
            &sorted,
        )
    } else {
        let statement = query(&store.sql.settle_follow);
        let statement = bind_changes(bind_fence(statement, worker, &sorted), &sorted);
        let parents: Vec<Uuid> = follow
            .iter()
            .map(|(_, parent, _)| parent.as_uuid())
            .collect();
        let entries: Vec<Entry<'_>> = follow
            .iter()
            .map(|(job, _, now)| push::entry(store, job, *now, None))
            .collect();
        bind_entries(statement.bind(parents), &entries)
    };
    let rows = statement.fetch_all(connection).await?;
    let id = |row: &PgRow| row.try_get::<Uuid, _>(0).map(JobId::from);
    let ids: HashSet<JobId> = rows.iter().map(id).collect::<Result<_, _>>()?;
    let mut applied = vec![false; all.len()];
    for at in firsts {
        applied[at] = ids.contains(&all[at].0.lease.job);
    }
    deny_stale(all, &mut applied);
    Ok(applied)
}

/// Of several deliveries of one job only one can have been valid: the newest.
fn deny_stale(all: &[Timed], applied: &mut [bool]) {
    let mut newest = HashMap::new();
    for (one, _) in all {
        let delivery = newest.entry(one.lease.job).or_insert(one.lease.delivery);
        *delivery = one.lease.delivery.max(*delivery);
    }
    if newest.len() == all.len() {
        return;
    }
    for ((one, _), applied) in all.iter().zip(applied) {
        *applied &= newest[&one.lease.job] == one.lease.delivery;
    }
}

fn bind_fence<'q>(
    statement: Query<'q, Postgres, PgArguments>,
    worker: WorkerId,
    all: &[&Timed],
) -> Query<'q, Postgres, PgArguments> {
    let ids: Vec<Uuid> = all.iter().map(|(one, _)| one.lease.job.as_uuid()).collect();
    // A delivery beyond the column's range never was: no row has it.
    let delivery = |(one, _): &&Timed| i32::try_from(one.lease.delivery).unwrap_or(-1);
    let deliveries: Vec<i32> = all.iter().map(delivery).collect();
    statement.bind(worker.as_uuid()).bind(ids).bind(deliveries)
}

fn bind_changes<'q>(
    statement: Query<'q, Postgres, PgArguments>,
    all: &[&Timed],
) -> Query<'q, Postgres, PgArguments> {
    fn each<'e, T>(all: &[&'e Timed], value: impl Fn(&'e Settlement, Timestamp) -> T) -> Vec<T> {
        all.iter().map(|(one, now)| value(one, *now)).collect()
    }
    let state = |one: &Settlement, now| one.target(now).map_or(-1, |to| i16::from(to.code()));
    let counts = |counted| move |one: &Settlement, _| i32::from(one.counted == counted);
    let ended = |one: &Settlement, now: Timestamp| {
        one.target(now)
            .is_some_and(JobState::is_final)
            .then(|| now.as_micros())
    };
    statement
        .bind(each(all, state))
        .bind(each(all, |one, _| match one.ending {
            Ending::Retry { at } | Ending::Defer { at } => Some(at.as_micros()),
            _ => None,
        }))
        .bind(each(all, counts(Counted::Attempt)))
        .bind(each(all, counts(Counted::Deferral)))
        .bind(each(all, |one, _| {
            one.failure.as_deref().map(Failure::to_json)
        }))
        .bind(each(all, ended))
        .bind(each(all, |one, _| keep_until(one)))
        .bind(each(all, |one, _| match &one.ending {
            Ending::Cancelled { reason, .. } | Ending::Dead { reason, .. } => {
                Some(reason.as_bytes())
            }
            _ => None,
        }))
        .bind(each(all, |one, _| match &one.ending {
            Ending::Completed { output, .. } => output.as_deref(),
            _ => None,
        }))
}

const fn keep_until(settlement: &Settlement) -> Option<i64> {
    match settlement.ending {
        Ending::Completed {
            keep: Keep::Until(at),
            ..
        }
        | Ending::Cancelled {
            keep: Keep::Until(at),
            ..
        }
        | Ending::Dead {
            keep: Keep::Until(at),
            ..
        } => Some(at.as_micros()),
        _ => None,
    }
}

/// After the commit: tells who watches, and wakes the queues that got due jobs.
pub(super) fn announce(store: &Store, all: &[Timed], applied: &[bool]) {
    let done = || {
        all.iter()
            .zip(applied)
            .filter(|(_, applied)| **applied)
            .map(|(timed, _)| timed)
    };
    store.ends.settled(done().map(|(one, _)| one));
    let mut woken = Vec::new();
    let mut wake = |queue: &crate::id::QueueName| {
        if !woken.contains(queue) {
            woken.push(queue.clone());
        }
    };
    for (one, now) in done() {
        if one.target(*now) == Some(JobState::Available) {
            if let Some(queue) = store.names.queue(one.lease.queue.as_str()) {
                store.floors.doubt(queue, Doubt::Certain);
            }
            wake(&one.lease.queue);
        }
        for job in one.follow.iter().filter(|job| job.run_at <= *now) {
            push::appeared(store, job);
            wake(&job.queue);
        }
    }
    store.wake(&woken);
}
