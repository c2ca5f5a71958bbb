//! What people ask of the store and do to jobs.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::postgres::{PgRow, Postgres};
use sqlx::{PgConnection, QueryBuilder, Row as _};

use super::fault::Fault;
use super::rows;
use super::select::{Condition, number_of};
use super::sql::query;
use super::store::Store;
use crate::clock::Timestamp;
use crate::driver::{
    JobFilter, JobPage, MAX_BATCH, Order, Page, Pause, QueueCounts, QueueInfo, WorkerInfo,
};
use crate::id::{JobId, QueueName};
use crate::job::{JobRecord, JobState};

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
