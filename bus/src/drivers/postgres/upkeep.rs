//! Heartbeats, and what any process does for all: rescue, promotion, pruning.

use std::sync::Arc;

use sqlx::{Connection as _, PgConnection, Row as _};
use uuid::Uuid;

use super::claim::cancelled;
use super::fault::Fault;
use super::rows;
use super::sql::query;
use super::store::Store;
use crate::clock::Timestamp;
use crate::driver::{Claimed, Heartbeat, MAX_BATCH, Promoted, Rescue, Rescued, WorkerInfo};
use crate::id::{JobId, WorkerId};
use crate::job::{Failure, JobState};

/// How a limit of jobs is given to the server, never more than a step may have.
pub(super) fn at_most(limit: usize) -> i64 {
    i64::try_from(limit.min(MAX_BATCH)).expect("a batch is small")
}

pub(super) async fn heartbeat(
    store: &Arc<Store>,
    worker: &WorkerInfo,
    now: Timestamp,
) -> Result<Heartbeat, Fault> {
    store.worker_lives(worker.id);
    let info = serde_json::to_string(worker).expect("strings and numbers always serialise");
    let (id, expires_at) = (worker.id, now + worker.lease);
    let shared = Arc::clone(store);
    let lane = &store.upkeep;
    lane.run(move |connection| {
        Box::pin(async move {
            let beat = query(&shared.sql.heartbeat)
                .bind(id.as_uuid())
                .bind(info)
                .bind(expires_at.as_micros());
            let row = beat.fetch_one(&mut *connection).await?;
            let cancelled = cancelled(&shared, connection, id).await?;
            Ok(Heartbeat {
                cancelled,
                registered: row.try_get(0)?,
                store_time: Some(Timestamp::from_micros(row.try_get(1)?)),
            })
        })
    })
    .await
}

/// The server's clock.
pub(super) async fn time(store: &Arc<Store>) -> Result<Option<Timestamp>, Fault> {
    let shared = Arc::clone(store);
    let lane = &store.upkeep;
    lane.run(move |connection| {
        Box::pin(async move {
            let row = query(&shared.sql.time).fetch_one(connection).await?;
            Ok(Some(Timestamp::from_micros(row.try_get(0)?)))
        })
    })
    .await
}

pub(super) async fn disown(
    store: &Arc<Store>,
    worker: WorkerId,
    held: &[JobId],
) -> Result<u64, Fault> {
    let held: Vec<Uuid> = held.iter().map(JobId::as_uuid).collect();
    let shared = Arc::clone(store);
    let lane = &store.upkeep;
    lane.run(move |connection| {
        Box::pin(async move { give_back(&shared, connection, worker, &held).await })
    })
    .await
}

pub(super) async fn retire(store: &Arc<Store>, worker: WorkerId) -> Result<u64, Fault> {
    let shared = Arc::clone(store);
    let lane = &store.upkeep;
    lane.run(move |connection| {
        Box::pin(async move {
            let count = give_back(&shared, connection, worker, &[]).await?;
            let forget = query(&shared.sql.forget_worker).bind(worker.as_uuid());
            forget.execute(connection).await?;
            shared.worker_left(worker);
            Ok(count)
        })
    })
    .await
}

async fn give_back(
    store: &Store,
    connection: &mut PgConnection,
    worker: WorkerId,
    held: &[Uuid],
) -> Result<u64, Fault> {
    let mut count = 0;
    loop {
        let rows = query(&store.sql.disown)
            .bind(worker.as_uuid())
            .bind(held)
            .bind(at_most(MAX_BATCH))
            .fetch_all(&mut *connection)
            .await?;
        let queues: Result<Vec<i32>, sqlx::Error> = rows.iter().map(|row| row.try_get(0)).collect();
        let queues = queues?;
        store
            .names
            .learn_numbers(connection, &store.sql, queues.iter().copied(), [])
            .await?;
        store.wake_numbers(queues);
        count += rows.len() as u64;
        if rows.len() < MAX_BATCH {
            return Ok(count);
        }
    }
}

pub(super) async fn rescue(
    store: &Arc<Store>,
    rescue: &Rescue,
    now: Timestamp,
) -> Result<Rescued, Fault> {
    let rescue = rescue.clone();
    let shared = Arc::clone(store);
    let lane = &store.upkeep;
    lane.run(move |connection| {
        Box::pin(async move {
            let mut rescued = if rescue.limit == 0 {
                Rescued::default()
            } else {
                take_lost(&shared, connection, &rescue, now).await?
            };
            let bury = query(&shared.sql.bury)
                .bind(rescue.by.as_uuid())
                .bind(now.as_micros());
            for row in bury.fetch_all(connection).await? {
                rescued
                    .buried
                    .push(WorkerId::from(row.try_get::<Uuid, _>(0)?));
            }
            Ok(rescued)
        })
    })
    .await
}

/// Locks lost jobs, decides, and writes, in one transaction: a job that is settled meanwhile is
/// passed over, and a settle that comes later finds its lease gone.
async fn take_lost(
    store: &Store,
    connection: &mut PgConnection,
    rescue: &Rescue,
    now: Timestamp,
) -> Result<Rescued, Fault> {
    let mut transaction = connection.begin().await?;
    let lost = query(&store.sql.lost)
        .bind(rescue.by.as_uuid())
        .bind(now.as_micros())
        .bind(at_most(rescue.limit))
        .fetch_all(&mut *transaction)
        .await?;
    if lost.is_empty() {
        // Said aloud: a transaction that is merely dropped stays open until its connection is used.
        transaction.rollback().await?;
        return Ok(Rescued::default());
    }
    let numbers: Vec<(i32, i32)> = lost.iter().map(rows::numbers).collect::<Result<_, _>>()?;
    let (queues, kinds) = (
        numbers.iter().map(|pair| pair.0),
        numbers.iter().map(|pair| pair.1),
    );
    store
        .names
        .learn_numbers(&mut transaction, &store.sql, queues, kinds)
        .await?;
    let mut rescued = Rescued::default();
    let (mut ids, mut attempts, mut failures, mut exhausted) = (vec![], vec![], vec![], vec![]);
    for row in &lost {
        let mut job = rows::claimed(row, &store.names)?;
        // After the columns of a claimed job comes its worker.
        let worker = WorkerId::from(row.try_get::<Uuid, _>(15)?);
        job.attempts = job.attempts.saturating_add(1);
        let over = job.cancel_requested || job.attempts >= u32::from(job.max_attempts);
        ids.push(job.lease.job.as_uuid());
        attempts.push(i32::try_from(job.attempts).unwrap_or(i32::MAX));
        failures.push(Failure::lost(worker, job.attempts, now).to_json());
        exhausted.push(over);
        if over {
            rescued.exhausted.push(taken_over(job));
        } else {
            rescued.retried += 1;
        }
    }
    let due = rescue.retry_at <= now;
    let state = if due {
        JobState::Available
    } else {
        JobState::Retryable
    };
    query(&store.sql.rescue)
        .bind(ids)
        .bind(attempts)
        .bind(failures)
        .bind(&exhausted)
        .bind(rescue.retry_at.as_micros())
        .bind(i16::from(state.code()))
        .bind(rescue.by.as_uuid())
        .bind(now.as_micros())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    if due {
        let retried = numbers.iter().zip(exhausted).filter(|(_, over)| !over);
        store.wake_numbers(retried.map(|((queue, _), _)| *queue));
    }
    Ok(rescued)
}

/// The job as the rescuer holds it.
fn taken_over(mut job: Claimed) -> Claimed {
    job.lease.delivery += 1;
    job
}

pub(super) async fn promote(
    store: &Arc<Store>,
    limit: usize,
    now: Timestamp,
) -> Result<Promoted, Fault> {
    let shared = Arc::clone(store);
    let lane = &store.upkeep;
    lane.run(move |connection| {
        Box::pin(async move {
            let promote = query(&shared.sql.promote)
                .bind(now.as_micros())
                .bind(at_most(limit));
            let mut promoted = Promoted::default();
            let mut queues = Vec::new();
            for row in promote.fetch_all(&mut *connection).await? {
                match row.try_get::<Option<i32>, _>(0)? {
                    Some(queue) => {
                        queues.push(queue);
                        let count: i64 = row.try_get(1)?;
                        promoted.count += usize::try_from(count).unwrap_or(0);
                    }
                    None => {
                        let due: Option<i64> = row.try_get(1)?;
                        promoted.next_due = due.map(Timestamp::from_micros);
                    }
                }
            }
            let numbers = queues.iter().copied();
            shared
                .names
                .learn_numbers(connection, &shared.sql, numbers, [])
                .await?;
            shared.wake_numbers(queues);
            Ok(promoted)
        })
    })
    .await
}

pub(super) async fn prune(store: &Arc<Store>, limit: usize, now: Timestamp) -> Result<u64, Fault> {
    let shared = Arc::clone(store);
    let lane = &store.upkeep;
    lane.run(move |connection| {
        Box::pin(async move {
            let prune = query(&shared.sql.prune)
                .bind(now.as_micros())
                .bind(at_most(limit));
            Ok(prune.execute(connection).await?.rows_affected())
        })
    })
    .await
}
