//! What people do to jobs and queues.

use std::sync::Arc;

use sqlx::postgres::{PgRow, Postgres};
use sqlx::{PgConnection, QueryBuilder, Row as _};
use uuid::Uuid;

use super::fault::Fault;
use super::select::{Target, push_states};
use super::sql::query;
use super::store::Store;
use super::upkeep::at_most;
use crate::clock::Timestamp;
use crate::driver::{CancelCount, Keep, Selection};
use crate::id::{JobId, QueueName};
use crate::job::JobState;

const CANCELLABLE: [JobState; 4] = [
    JobState::Scheduled,
    JobState::Available,
    JobState::Running,
    JobState::Retryable,
];
const RETRYABLE: [JobState; 5] = [
    JobState::Scheduled,
    JobState::Retryable,
    JobState::Completed,
    JobState::Cancelled,
    JobState::Dead,
];
const DELETABLE: [JobState; 6] = [
    JobState::Scheduled,
    JobState::Available,
    JobState::Retryable,
    JobState::Completed,
    JobState::Cancelled,
    JobState::Dead,
];

/// Changes the jobs of a selection that are in one of the states: `change` is what stands before
/// the `where` of its statement, which gives queue, state and whether it is counted.
async fn act(
    store: &Store,
    connection: &mut PgConnection,
    mut change: QueryBuilder<Postgres>,
    selection: Selection,
    states: &[JobState],
    limit: usize,
    returning: &str,
) -> Result<Vec<PgRow>, Fault> {
    let target = Target::of(store, connection, selection, states, limit).await?;
    let schema = &store.sql.schema;
    change.push(format_args!(
        " where x.id = any(array(select j.id from {schema}.jobs j where "
    ));
    target.push(&mut change, schema);
    push_states(&mut change, states);
    if states.contains(&JobState::Running) {
        change.push(" and not j.cancel");
    }
    change.push(format_args!(
        " order by j.id limit {} for update)) ",
        at_most(limit)
    ));
    change.push(format_args!("returning {returning}"));
    let rows = change
        .build()
        .persistent(false)
        .fetch_all(&mut *connection)
        .await?;
    Ok(rows)
}

pub(super) async fn retry(
    store: &Arc<Store>,
    jobs: &Selection,
    limit: usize,
    now: Timestamp,
) -> Result<u64, Fault> {
    let jobs = jobs.clone();
    let shared = Arc::clone(store);
    let lane = &store.ask;
    lane.run(move |connection| {
        Box::pin(async move {
            let schema = &shared.sql.schema;
            let mut change = QueryBuilder::new(format!(
                "update {schema}.jobs x set state = 0, attempts = null, cancel = false, \
                 created_at = coalesce(x.created_at, x.run_at), \
                 ended_at = null, keep_until = null, reason = null, output = null, run_at = "
            ));
            change.push_bind(now.as_micros());
            let rows = act(
                &shared, connection, change, jobs, &RETRYABLE, limit, "x.queue",
            )
            .await?;
            let queues: Result<Vec<i32>, sqlx::Error> =
                rows.iter().map(|row| row.try_get(0)).collect();
            let queues = queues?;
            let numbers = queues.iter().copied();
            shared
                .names
                .learn_numbers(connection, &shared.sql, numbers, [])
                .await?;
            shared.wake_numbers(queues);
            Ok(rows.len() as u64)
        })
    })
    .await
}

pub(super) async fn cancel(
    store: &Arc<Store>,
    jobs: &Selection,
    reason: &str,
    keep: Keep,
    limit: usize,
    now: Timestamp,
) -> Result<CancelCount, Fault> {
    let (jobs, reason) = (jobs.clone(), reason.as_bytes().to_vec());
    let shared = Arc::clone(store);
    let lane = &store.ask;
    lane.run(move |connection| {
        Box::pin(async move {
            let schema = &shared.sql.schema;
            let keep_until = match keep {
                Keep::Drop => Some(now.as_micros()),
                Keep::Until(at) => Some(at.as_micros()),
                Keep::Forever => None,
            };
            // A running job is only asked; its worker settles it.
            let mut change = QueryBuilder::new(format!(
                "update {schema}.jobs x set \
                 state = case when x.state = 2 then 2 else 5 end, cancel = (x.state = 2), ended_at = \
                 case when x.state = 2 then null else "
            ));
            change.push_bind(now.as_micros());
            change.push("::int8 end, keep_until = case when x.state = 2 then null else ");
            change.push_bind(keep_until);
            change.push("::int8 end, reason = case when x.state = 2 then null else ");
            change.push_bind(reason);
            change.push("::bytea end");
            let returning = "x.queue, x.state, x.id";
            let rows =
                act(&shared, connection, change, jobs, &CANCELLABLE, limit, returning).await?;
            let mut count = CancelCount::default();
            let mut asked = Vec::new();
            for row in &rows {
                if row.try_get::<i16, _>(1)? == i16::from(JobState::Running.code()) {
                    count.requested += 1;
                    asked.push(row.try_get::<i32, _>(0)?);
                } else {
                    count.cancelled += 1;
                    shared.ends.look(JobId::from(row.try_get::<Uuid, _>(2)?));
                }
            }
            let numbers = asked.iter().copied();
            shared.names.learn_numbers(connection, &shared.sql, numbers, []).await?;
            let mut queues: Vec<QueueName> =
                asked.into_iter().map(|queue| shared.names.queue_name(queue)).collect();
            queues.sort_unstable();
            queues.dedup();
            if !queues.is_empty() {
                shared.cancels_came(&queues);
                shared.news.cancels(&queues);
            }
            Ok(count)
        })
    })
    .await
}

pub(super) async fn delete(
    store: &Arc<Store>,
    jobs: &Selection,
    limit: usize,
) -> Result<u64, Fault> {
    let jobs = jobs.clone();
    let shared = Arc::clone(store);
    let lane = &store.ask;
    lane.run(move |connection| {
        Box::pin(async move {
            let change = QueryBuilder::new(format!("delete from {}.jobs x", shared.sql.schema));
            let rows = act(&shared, connection, change, jobs, &DELETABLE, limit, "x.id").await?;
            for row in &rows {
                shared.ends.look(JobId::from(row.try_get::<Uuid, _>(0)?));
            }
            Ok(rows.len() as u64)
        })
    })
    .await
}

pub(super) async fn pause(
    store: &Arc<Store>,
    queue: &QueueName,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<bool, Fault> {
    let (queue, reason) = (
        queue.clone(),
        reason.map(|reason| reason.as_bytes().to_vec()),
    );
    let shared = Arc::clone(store);
    let lane = &store.ask;
    lane.run(move |connection| {
        Box::pin(async move {
            let pause = query(&shared.sql.pause)
                .bind(queue.as_str())
                .bind(now.as_micros())
                .bind(reason);
            let changed = pause.execute(connection).await?.rows_affected() > 0;
            shared.pauses_changed();
            shared.news.pauses();
            Ok(changed)
        })
    })
    .await
}

pub(super) async fn resume(store: &Arc<Store>, queue: &QueueName) -> Result<bool, Fault> {
    let queue = queue.clone();
    let shared = Arc::clone(store);
    let lane = &store.ask;
    lane.run(move |connection| {
        Box::pin(async move {
            let resume = query(&shared.sql.resume).bind(queue.as_str());
            let changed = resume.execute(connection).await?.rows_affected() > 0;
            shared.pauses_changed();
            shared.news.pauses();
            shared.wake(std::slice::from_ref(&queue));
            Ok(changed)
        })
    })
    .await
}
