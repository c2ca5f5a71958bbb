//! What people ask and do.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::desk::Desk;
use super::driver::SqliteDriver;
use super::fault::Fault;
use super::rows::{self, Marks, RECORD};
use super::select::{Conditions, Found, find, list, time};
use super::settle::kept_until;
use super::writer::received;
use crate::clock::Timestamp;
use crate::driver::{
    CancelCount, DriverError, DriverFuture, Inspect, JobFilter, JobPage, Keep, Page, Pause,
    QueueCounts, QueueInfo, Selection, WorkerInfo,
};
use crate::id::{JobId, QueueName, WorkerId};
use crate::job::{JobRecord, JobState};

/// How often to search again if all that was found has changed before it could be worked on.
const SEARCHES: usize = 3;

impl SqliteDriver {
    /// Finds jobs beside the writer, then has it look at each again and change it; how many it
    /// changed is what `change` answers in all.
    async fn each(
        &self,
        operation: &'static str,
        selection: &Selection,
        legal: &'static str,
        limit: usize,
        change: impl Fn(&mut Desk<'_>, &Conditions, Found) -> Result<CancelCount, Fault>
        + Clone
        + Send
        + 'static,
    ) -> Result<CancelCount, DriverError> {
        let mut count = CancelCount::default();
        for _ in 0..SEARCHES {
            let wanted = selection.clone();
            let search = move |connection: &Connection| {
                find(&Desk::within(connection), &wanted, legal, limit)
            };
            let found = self.readers.ask(search).await;
            let found = found.map_err(|fault| fault.of(operation))?;
            if found.is_empty() {
                break;
            }
            let filter = match selection {
                Selection::Ids(_) => JobFilter::default(),
                Selection::Fitting(filter) => filter.clone(),
            };
            let change = change.clone();
            let answer = self.writer.submit(found.len(), true, move |desk| {
                desk.begin()?;
                let conditions = Conditions::of(&filter, 3);
                let mut count = CancelCount::default();
                for &job in &found {
                    let one = change(desk, &conditions, job)?;
                    count.cancelled += one.cancelled;
                    count.requested += one.requested;
                }
                Ok(count)
            });
            count = received(answer.await).map_err(|fault| fault.of(operation))?;
            if count != CancelCount::default() {
                break;
            }
        }
        Ok(count)
    }

    async fn ask<T: Send + 'static>(
        &self,
        operation: &'static str,
        look: impl FnOnce(&Desk<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, DriverError> {
        let asked = self
            .readers
            .ask(move |connection| look(&Desk::within(connection)));
        asked.await.map_err(|fault| fault.of(operation))
    }
}

/// Runs a change of one job; gives the number it returns, if the job was changed. The job is
/// parameters 1 and 2, the conditions follow, then come `more`.
fn change_one(
    desk: &Desk<'_>,
    sql: impl Fn(usize) -> String,
    conditions: &Conditions,
    job: Found,
    more: &[Value],
) -> Result<Option<i64>, Fault> {
    let job = [
        Value::Integer(job.seq),
        Value::Blob(job.id.as_bytes().to_vec()),
    ];
    let params = job.iter().chain(&conditions.params).chain(more);
    let mut statement = desk.statement(&sql(3 + conditions.params.len()))?;
    let changed = statement.query_row(params_from_iter(params), |row| row.get(0));
    Ok(changed.optional()?)
}

const ONE: CancelCount = CancelCount {
    cancelled: 1,
    requested: 0,
};

const REQUESTED: CancelCount = CancelCount {
    cancelled: 0,
    requested: 1,
};

fn retry_one(
    desk: &mut Desk<'_>,
    conditions: &Conditions,
    job: Found,
    now: Timestamp,
) -> Result<CancelCount, Fault> {
    let sql = |at| {
        let fits = &conditions.sql;
        format!(
            "UPDATE bus_jobs SET state = 0, run_at = ?{at}, attempts = 0, cancel = 0, \
             reason = NULL, output = NULL, ended_at = NULL, keep_until = NULL \
             WHERE seq = ?1 AND id = ?2 AND {fits} AND state NOT IN (0, 2) RETURNING queue"
        )
    };
    let Some(queue) = change_one(desk, sql, conditions, job, &[time(now)])? else {
        return Ok(CancelCount::default());
    };
    let queue = desk.queue_name(queue)?;
    desk.wake(&queue);
    Ok(ONE)
}

fn cancel_one(
    desk: &mut Desk<'_>,
    conditions: &Conditions,
    job: Found,
    (reason, keep, now): (&str, Keep, Timestamp),
) -> Result<CancelCount, Fault> {
    let fits = &conditions.sql;
    let waiting = |at| {
        let (ended, until) = (at + 1, at + 2);
        format!(
            "UPDATE bus_jobs SET state = 5, reason = ?{at}, ended_at = ?{ended}, \
             keep_until = ?{until} \
             WHERE seq = ?1 AND id = ?2 AND {fits} AND state IN (0, 1, 3) RETURNING queue"
        )
    };
    let until = kept_until(keep, now).map_or(Value::Null, Value::Integer);
    let more = [Value::Text(reason.to_owned()), time(now), until];
    if change_one(desk, waiting, conditions, job, &more)?.is_some() {
        desk.ended(job.id);
        return Ok(ONE);
    }
    let running = |_| {
        format!(
            "UPDATE bus_jobs SET cancel = 1 \
             WHERE seq = ?1 AND id = ?2 AND {fits} AND state = 2 AND cancel = 0 RETURNING queue"
        )
    };
    let Some(queue) = change_one(desk, running, conditions, job, &[])? else {
        return Ok(CancelCount::default());
    };
    // Its worker asks for jobs when it is woken, and learns it with the answer.
    let queue = desk.queue_name(queue)?;
    desk.wake(&queue);
    Ok(REQUESTED)
}

fn delete_one(
    desk: &mut Desk<'_>,
    conditions: &Conditions,
    job: Found,
) -> Result<CancelCount, Fault> {
    let fits = &conditions.sql;
    let sql = |_| {
        format!(
            "DELETE FROM bus_jobs WHERE seq = ?1 AND id = ?2 AND {fits} AND state <> 2 \
             RETURNING marks"
        )
    };
    let Some(marks) = change_one(desk, sql, conditions, job, &[])? else {
        return Ok(CancelCount::default());
    };
    let marks = Marks::from_bits(u8::try_from(marks).unwrap_or(u8::MAX));
    rows::forget(desk, job.seq, marks)?;
    desk.ended(job.id);
    Ok(ONE)
}

/// Each kind of job is counted within its own index.
const COUNTS: &str = "SELECT name, state, number, oldest FROM ( \
    SELECT queue, 0 AS state, count(*) AS number, min(run_at) AS oldest \
        FROM bus_jobs INDEXED BY bus_jobs_ready WHERE state = 0 GROUP BY queue \
    UNION ALL SELECT queue, state, count(*), NULL \
        FROM bus_jobs INDEXED BY bus_jobs_due WHERE state IN (1, 3) GROUP BY queue, state \
    UNION ALL SELECT queue, 2, count(*), NULL \
        FROM bus_jobs INDEXED BY bus_jobs_running WHERE state = 2 GROUP BY queue \
    UNION ALL SELECT queue, state, count(*), NULL \
        FROM bus_jobs INDEXED BY bus_jobs_ended WHERE state >= 4 GROUP BY queue, state) \
    JOIN bus_queues ON seq = queue WHERE ?1 IS NULL OR name = ?1 ORDER BY name";

fn counts(desk: &Desk<'_>, only: Option<&QueueName>) -> Result<Vec<QueueCounts>, Fault> {
    let mut statement = desk.statement(COUNTS)?;
    let mut rows = statement.query([only.map(QueueName::as_str)])?;
    let mut all: Vec<QueueCounts> = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let Ok(name) = QueueName::new(name) else {
            continue;
        };
        if all.last().is_none_or(|last| last.queue != name) {
            all.push(QueueCounts::empty(name));
        }
        let last = all.last_mut().expect("one was pushed if there was none");
        // A state of a newer version counts as in `get`.
        let state = JobState::from_code(row.get(1)?).unwrap_or(JobState::Dead);
        last.add(state, row.get::<_, i64>(2)?.unsigned_abs());
        if let Some(oldest) = row.get::<_, Option<i64>>(3)? {
            last.oldest_due = Some(Timestamp::from_micros(oldest));
        }
    }
    if let (Some(only), true) = (only, all.is_empty()) {
        all.push(QueueCounts::empty(only.clone()));
    }
    Ok(all)
}

const QUEUES: &str = "SELECT name, paused_at, pause_reason FROM bus_queues \
    WHERE paused_at IS NOT NULL \
    OR EXISTS (SELECT 1 FROM bus_jobs INDEXED BY bus_jobs_ready \
        WHERE state = 0 AND queue = bus_queues.seq) \
    OR seq IN (SELECT queue FROM bus_jobs INDEXED BY bus_jobs_due WHERE state IN (1, 3)) \
    OR seq IN (SELECT queue FROM bus_jobs INDEXED BY bus_jobs_running WHERE state = 2) \
    OR seq IN (SELECT queue FROM bus_jobs INDEXED BY bus_jobs_ended WHERE state >= 4) \
    ORDER BY name";

fn queues(desk: &Desk<'_>) -> Result<Vec<QueueInfo>, Fault> {
    let mut statement = desk.statement(QUEUES)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let Ok(name) = QueueName::new(row.get::<_, String>(0)?) else {
            continue;
        };
        let since: Option<i64> = row.get(1)?;
        let reason = row.get(2)?;
        let paused = since.map(|since| Pause {
            since: Timestamp::from_micros(since),
            reason,
        });
        all.push(QueueInfo { name, paused });
    }
    Ok(all)
}

fn workers(desk: &Desk<'_>) -> Result<Vec<WorkerInfo>, Fault> {
    let mut statement = desk.statement("SELECT id, info FROM bus_workers ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let info: String = row.get(1)?;
        // What a newer version wrote and this one cannot read is passed over.
        if let Ok(info) = serde_json::from_str::<WorkerInfo>(&info) {
            let id = WorkerId::from_bytes(row.get(0)?);
            all.push(WorkerInfo { id, ..info });
        }
    }
    Ok(all)
}

fn get(desk: &Desk<'_>, job: JobId) -> Result<Option<JobRecord>, Fault> {
    let sql = format!("SELECT {RECORD} FROM bus_jobs WHERE id = ?1");
    let mut statement = desk.statement(&sql)?;
    let mut rows = statement.query([job.as_bytes()])?;
    let found = rows.next()?.map(|row| rows::record(desk, row));
    found.transpose()
}

impl Inspect for SqliteDriver {
    fn get(&self, job: JobId) -> DriverFuture<'_, Option<JobRecord>> {
        Box::pin(self.ask("get", move |desk| get(desk, job)))
    }

    fn list<'a>(&'a self, filter: &'a JobFilter, page: Page) -> DriverFuture<'a, JobPage> {
        let filter = filter.clone();
        Box::pin(self.ask("list", move |desk| list(desk, &filter, page)))
    }

    fn counts<'a>(&'a self, queue: Option<&'a QueueName>) -> DriverFuture<'a, Vec<QueueCounts>> {
        let queue = queue.cloned();
        Box::pin(self.ask("counts", move |desk| counts(desk, queue.as_ref())))
    }

    fn queues(&self) -> DriverFuture<'_, Vec<QueueInfo>> {
        Box::pin(self.ask("queues", queues))
    }

    fn workers(&self) -> DriverFuture<'_, Vec<WorkerInfo>> {
        Box::pin(self.ask("workers", workers))
    }

    fn retry<'a>(
        &'a self,
        jobs: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        Box::pin(async move {
            let change = move |desk: &mut Desk<'_>, conditions: &Conditions, job| {
                retry_one(desk, conditions, job, now)
            };
            let legal = "state NOT IN (0, 2)";
            let count = self.each("retry", jobs, legal, limit, change).await?;
            Ok(count.cancelled)
        })
    }

    fn cancel<'a>(
        &'a self,
        jobs: &'a Selection,
        reason: &'a str,
        keep: Keep,
        limit: usize,
        now: Timestamp,
    ) -> DriverFuture<'a, CancelCount> {
        let reason = reason.to_owned();
        Box::pin(async move {
            let change = move |desk: &mut Desk<'_>, conditions: &Conditions, job| {
                cancel_one(desk, conditions, job, (&reason, keep, now))
            };
            let legal = "(state IN (0, 1, 3) OR (state = 2 AND cancel = 0))";
            self.each("cancel", jobs, legal, limit, change).await
        })
    }

    fn delete<'a>(
        &'a self,
        jobs: &'a Selection,
        limit: usize,
        _now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        Box::pin(async move {
            let legal = "state <> 2";
            let count = self.each("delete", jobs, legal, limit, delete_one).await?;
            Ok(count.cancelled)
        })
    }

    fn pause<'a>(
        &'a self,
        queue: &'a QueueName,
        reason: Option<&'a str>,
        now: Timestamp,
    ) -> DriverFuture<'a, bool> {
        let (queue, reason) = (queue.clone(), reason.map(str::to_owned));
        self.write("pause", 1, true, move |desk| {
            desk.begin()?;
            let seq = desk.queue_or_new(&queue)?.seq;
            let pause = "UPDATE bus_queues SET paused_at = ?2, pause_reason = ?3 \
                WHERE seq = ?1 AND paused_at IS NULL";
            let paused = desk.execute(pause, (seq, now.as_micros(), &reason))?;
            desk.forget_queue(&queue);
            Ok(paused == 1)
        })
    }

    fn resume<'a>(&'a self, queue: &'a QueueName) -> DriverFuture<'a, bool> {
        let queue = queue.clone();
        self.write("resume", 1, true, move |desk| {
            desk.begin()?;
            let resume = "UPDATE bus_queues SET paused_at = NULL, pause_reason = NULL \
                WHERE name = ?1 AND paused_at IS NOT NULL";
            let resumed = desk.execute(resume, [queue.as_str()])? == 1;
            desk.forget_queue(&queue);
            if resumed {
                desk.wake(&queue);
            }
            Ok(resumed)
        })
    }
}
