//! What people ask of the store and do to jobs.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::postgres::{PgRow, Postgres};
use sqlx::{PgConnection, QueryBuilder, Row as _};

use super::fault::Fault;
use super::rows;
use super::select::{Condition, Target, number_of, push_states};
use super::sql::query;
use super::store::Store;
use super::upkeep::at_most;
use crate::clock::Timestamp;
use crate::driver::{
    CancelCount, JobFilter, JobPage, Keep, MAX_BATCH, Order, Page, Pause, QueueCounts, QueueInfo,
    Selection, WorkerInfo,
};
use crate::id::{JobId, QueueName};
use crate::job::{JobRecord, JobState};

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

pub(super) async fn get(store: &Arc<Store>, job: JobId) -> Result<Option<JobRecord>, Fault> {
    let shared = Arc::clone(store);
    let lane = &store.ask;
    lane.run(move |connection| {
        Box::pin(async move {
            let mut sql = QueryBuilder::<Postgres>::new(shared.sql.records.as_str());
            sql.push("j.id = ").push_bind(job.as_uuid());
            let found = read(&shared, connection, &mut sql).await?;
            Ok(found.into_iter().next())
        })
    })
    .await
}

async fn read(
    store: &Store,
    connection: &mut PgConnection,
    sql: &mut QueryBuilder<Postgres>,
) -> Result<Vec<JobRecord>, Fault> {
    let found = sql
        .build()
        .persistent(false)
        .fetch_all(&mut *connection)
        .await?;
    let numbers: Vec<(i32, i32)> = found.iter().map(rows::numbers).collect::<Result<_, _>>()?;
    let (queues, kinds) = (
        numbers.iter().map(|pair| pair.0),
        numbers.iter().map(|pair| pair.1),
    );
    store
        .names
        .learn_numbers(connection, &store.sql, queues, kinds)
        .await?;
    let record = |row: &PgRow| rows::record(row, &store.names);
    Ok(found.iter().map(record).collect::<Result<_, _>>()?)
}

pub(super) async fn list(
    store: &Arc<Store>,
    filter: &JobFilter,
    page: Page,
) -> Result<JobPage, Fault> {
    let filter = filter.clone();
    let shared = Arc::clone(store);
    let lane = &store.ask;
    lane.run(move |connection| {
        Box::pin(async move {
            let condition = Condition::of(&shared, connection, filter).await?;
            let limit = page.limit.min(MAX_BATCH);
            let mut jobs: Vec<JobRecord> = Vec::new();
            let mut after = page.after;
            if limit == 0 {
                return Ok(JobPage::default());
            }
            loop {
                // One more than wanted: so it is known whether there is a next page.
                let wanted = limit + 1 - jobs.len();
                let mut sql = QueryBuilder::<Postgres>::new(shared.sql.records.as_str());
                condition.push(&mut sql, &shared.sql.schema);
                let (beyond, order) = match page.order {
                    Order::NewestFirst => (" and j.id < ", "desc"),
                    Order::OldestFirst => (" and j.id > ", "asc"),
                };
                if let Some(after) = after {
                    sql.push(beyond).push_bind(after.as_uuid());
                }
                sql.push(format_args!(" order by j.id {order} limit {wanted}"));
                let found = read(&shared, connection, &mut sql).await?;
                let end = found.len() < wanted;
                after = found.last().map(|job| job.id);
                jobs.extend(
                    found
                        .into_iter()
                        .filter(|job| condition.fits(job.extras.as_deref())),
                );
                if end || jobs.len() > limit {
                    break;
                }
            }
            let more = jobs.len() > limit;
            jobs.truncate(limit);
            let next = jobs.last().filter(|_| more).map(|job| job.id);
            Ok(JobPage { jobs, next })
        })
    })
    .await
}

pub(super) async fn counts(
    store: &Arc<Store>,
    queue: Option<&QueueName>,
) -> Result<Vec<QueueCounts>, Fault> {
    let queue = queue.cloned();
    let shared = Arc::clone(store);
    let lane = &store.ask;
    lane.run(move |connection| {
        Box::pin(async move {
            let mut number = None;
            if let Some(queue) = &queue {
                number = number_of(&shared, connection, queue.as_str()).await?;
                if number.is_none() {
                    return Ok(vec![QueueCounts::empty(queue.clone())]);
                }
            }
            let found = query(&shared.sql.counts)
                .bind(number)
                .fetch_all(&mut *connection)
                .await?;
            let queues: Result<Vec<i32>, sqlx::Error> =
                found.iter().map(|row| row.try_get(0)).collect();
            shared
                .names
                .learn_numbers(connection, &shared.sql, queues?, [])
                .await?;
            let mut counts: BTreeMap<QueueName, QueueCounts> = BTreeMap::new();
            if let Some(queue) = queue {
                counts.insert(queue.clone(), QueueCounts::empty(queue));
            }
            for row in &found {
                let name = shared.names.queue_name(row.try_get(0)?);
                let entry = counts
                    .entry(name.clone())
                    .or_insert_with(|| QueueCounts::empty(name));
                let code = u8::try_from(row.try_get::<i16, _>(1)?).unwrap_or(u8::MAX);
                // A state of a newer version is nobody's here.
                let Ok(state) = JobState::from_code(code) else {
                    continue;
                };
                entry.add(state, u64::try_from(row.try_get::<i64, _>(2)?).unwrap_or(0));
                if state == JobState::Available {
                    entry.oldest_due = Some(Timestamp::from_micros(row.try_get(3)?));
                }
            }
            Ok(counts.into_values().collect())
        })
    })
    .await
}

pub(super) async fn queues(store: &Arc<Store>) -> Result<Vec<QueueInfo>, Fault> {
    let shared = Arc::clone(store);
    let lane = &store.ask;
    lane.run(move |connection| {
        Box::pin(async move {
            let mut queues = Vec::new();
            for row in query(&shared.sql.queues).fetch_all(connection).await? {
                let id: i32 = row.try_get(0)?;
                let name = QueueName::new(row.try_get::<&str, _>(1)?);
                let name = name.unwrap_or_else(|_| shared.names.queue_name(id));
                let since: Option<i64> = row.try_get(2)?;
                let reason: Option<&[u8]> = row.try_get(3)?;
                let paused = since.map(|since| Pause {
                    since: Timestamp::from_micros(since),
                    reason: reason.map(|text| String::from_utf8_lossy(text).into_owned()),
                });
                queues.push(QueueInfo { name, paused });
            }
            Ok(queues)
        })
    })
    .await
}

pub(super) async fn workers(store: &Arc<Store>) -> Result<Vec<WorkerInfo>, Fault> {
    let shared = Arc::clone(store);
    let lane = &store.ask;
    lane.run(move |connection| {
        Box::pin(async move {
            let mut workers = Vec::new();
            for row in query(&shared.sql.workers).fetch_all(connection).await? {
                // A row of a newer version that cannot be read hides nobody else.
                let info = serde_json::from_str::<WorkerInfo>(row.try_get(0)?);
                let Ok(mut info) = info else { continue };
                info.expires_at = Timestamp::from_micros(row.try_get(1)?);
                workers.push(info);
            }
            Ok(workers)
        })
    })
    .await
}

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
                "update {schema}.jobs x set state = 0, attempts = 0, cancel = false, \
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
                    shared.ends.look(JobId::from(row.try_get::<uuid::Uuid, _>(2)?));
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
                shared
                    .ends
                    .look(JobId::from(row.try_get::<uuid::Uuid, _>(0)?));
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
