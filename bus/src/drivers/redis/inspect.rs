//! What people look at and do: jobs, queues, workers.

use bytes::Bytes;
use redis::{Cmd, RedisError, Value};

use super::connection::{begin, failed};
use super::reply::Reply;
use super::row::{self, Head, Row};
use super::scripts::{COUNTS, LOOK};
use super::tick::queue_name;
use crate::clock::Timestamp;
use crate::driver::{
    CancelCount, DriverError, DriverFuture, Inspect, JobFilter, JobPage, Keep, MAX_BATCH, Order,
    Page, Pause, QueueCounts, QueueInfo, Selection, WorkerInfo,
};
use crate::id::{JobId, QueueName};
use crate::job::{JobRecord, JobState};

/// How many ids a script looks at: a look at one is several reads.
const LOOKED: usize = 500;

/// Where a look takes its ids from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A set ordered by id, or all jobs if it has no name, from a bound on; descending or not.
    Lex {
        key: String,
        down: bool,
        from: Vec<u8>,
    },
    /// A set ordered otherwise, the byte where the id begins in an entry, and the entry to begin at.
    Index {
        key: String,
        id_at: usize,
        start: usize,
    },
    /// All that is leased.
    Held,
}

/// What a look found.
pub(super) struct Looked {
    pub(super) count: usize,
    pub(super) last: Option<JobId>,
    pub(super) jobs: Vec<JobRecord>,
}

fn record(mut reply: Reply) -> Result<Option<JobRecord>, RedisError> {
    let key = reply.bytes()?;
    let head = Head::decode(&reply.bytes()?);
    let row = Row::decode(Bytes::from(reply.bytes()?));
    let failures = row::history(&reply.bytes()?);
    let out = Bytes::from(reply.bytes()?);
    let worker = row::worker_id(&reply.bytes()?);
    let (Some(id), Some(&digit)) = (row::job_id(&key), key.get(16)) else {
        return Ok(None);
    };
    let head = head.unwrap_or_else(|| Head::unreadable(row.created_at));
    let (output, reason) = match out.first() {
        Some(b'o') => (Some(out.slice(1..)), None),
        Some(_) => (None, Some(String::from_utf8_lossy(&out[1..]).into_owned())),
        None => (None, None),
    };
    Ok(Some(JobRecord {
        id,
        envelope: row.envelope,
        queue: head.queue,
        priority: head.priority,
        state: row::state(digit),
        run_at: head.run_at,
        created_at: row.created_at,
        claimed_at: head.claimed_at,
        ended_at: head.ended_at,
        keep_until: head.keep_until,
        deliveries: head.deliveries,
        attempts: head.attempts,
        deferrals: head.deferrals,
        max_attempts: head.max_attempts,
        extras: row.extras,
        worker,
        cancel_requested: head.cancel_requested,
        reason,
        output,
        failures,
    }))
}

fn looked(mut reply: Reply) -> Result<Looked, RedisError> {
    let count = usize::try_from(reply.number()?).unwrap_or_default();
    let last = row::job_id(&reply.bytes()?);
    let mut found = reply.array()?;
    let mut jobs = Vec::with_capacity(found.len());
    while !found.is_empty() {
        jobs.extend(record(found.array()?)?);
    }
    Ok(Looked { count, last, jobs })
}

impl super::RedisDriver {
    fn look(&self, whole: bool, states: &[JobState], filter: &JobFilter) -> Cmd {
        let digits: Vec<u8> = states.iter().copied().map(row::digit).collect();
        let mut command = begin(&LOOK, &self.core.base, 9, 256);
        command.arg(u8::from(whole)).arg(digits);
        command.arg(filter.queue.as_ref().map_or("", QueueName::as_str));
        let worker = filter.worker.as_ref().map(|worker| &worker.as_bytes()[..]);
        command.arg(worker.unwrap_or_default());
        command
    }

    /// Jobs without bodies and histories, from a source, in one of these states (empty: in any),
    /// that fit.
    pub(super) async fn look_for(
        &self,
        source: &Source,
        states: &[JobState],
        filter: &JobFilter,
    ) -> Result<Looked, DriverError> {
        let mut command = self.look(false, states, filter);
        match source {
            Source::Lex { key, down, from } => {
                command
                    .arg("lex")
                    .arg(key)
                    .arg(u8::from(*down))
                    .arg(from)
                    .arg(LOOKED);
            }
            Source::Index { key, id_at, start } => {
                command
                    .arg("index")
                    .arg(key)
                    .arg(id_at + 1)
                    .arg(start)
                    .arg(LOOKED);
            }
            Source::Held => {
                command.arg("held");
            }
        }
        let mut found = self.ask(&LOOK, &command, looked).await?;
        found.jobs.retain(|job| filter.fits(job));
        Ok(found)
    }

    /// Whole jobs of these ids, those that are there.
    async fn whole(&self, ids: &[JobId]) -> Result<Vec<JobRecord>, DriverError> {
        let mut jobs = Vec::with_capacity(ids.len());
        let mut rest = ids;
        while !rest.is_empty() {
            let part = &rest[..rest.len().min(LOOKED)];
            let mut command = self.look(true, &[], &JobFilter::default());
            command.arg("ids");
            for id in part {
                command.arg(&id.as_bytes()[..]);
            }
            let found = self.ask(&LOOK, &command, looked).await?;
            jobs.extend(found.jobs);
            rest = &rest[found.count.clamp(1, part.len())..];
        }
        Ok(jobs)
    }

    async fn list_page(&self, filter: &JobFilter, page: Page) -> Result<JobPage, DriverError> {
        let limit = page.limit.min(MAX_BATCH);
        let down = page.order == Order::NewestFirst;
        let key = match filter.states[..] {
            [state] if state.is_final() => format!("ended:{}", state.code()),
            _ => String::new(),
        };
        let mut after = page.after;
        let mut ids: Vec<JobId> = Vec::new();
        while limit > 0 && ids.len() <= limit {
            let from = match after {
                Some(after) => [b"(", &after.as_bytes()[..]].concat(),
                None if down => b"+".to_vec(),
                None => b"-".to_vec(),
            };
            let key = key.clone();
            let source = Source::Lex { key, down, from };
            let found = self.look_for(&source, &filter.states, filter).await?;
            ids.extend(found.jobs.iter().map(|job| job.id));
            if found.count == 0 {
                break;
            }
            after = found.last;
        }
        let more = ids.len() > limit;
        ids.truncate(limit);
        let mut jobs = self.whole(&ids).await?;
        // Some may have moved on since they were found.
        jobs.retain(|job| filter.fits(job));
        let next = ids.last().copied().filter(|_| more);
        Ok(JobPage { jobs, next })
    }

    /// The numbers of one queue, or of each that has jobs, by name.
    pub(super) async fn numbers(
        &self,
        queue: Option<&QueueName>,
    ) -> Result<Vec<QueueCounts>, DriverError> {
        let mut command = begin(&COUNTS, &self.core.base, 1, 160);
        if let Some(queue) = queue {
            command.arg(queue.as_str());
        }
        let mut all = std::collections::BTreeMap::new();
        let entry = |name: &QueueName| (name.clone(), QueueCounts::empty(name.clone()));
        all.extend(queue.map(entry));
        self.ask(&COUNTS, &command, |mut reply| {
            let mut fields = reply.array()?;
            while !fields.is_empty() {
                let field = fields.bytes()?;
                let number = fields.number()?;
                if let Some((&digit, name)) = field.split_first()
                    && let Some(name) = queue_name(name)
                {
                    let counts = all.entry(name).or_insert_with_key(|name| entry(name).1);
                    counts.add(row::state(digit), number);
                }
            }
            let mut firsts = reply.array()?;
            while !firsts.is_empty() {
                let name = queue_name(&firsts.bytes()?);
                let due = row::due(&firsts.bytes()?);
                if let (Some(name), Some(due)) = (name, due)
                    && let Some(counts) = all.get_mut(&name)
                {
                    let oldest = counts.oldest_due.map_or(due, |oldest| oldest.min(due));
                    counts.oldest_due = Some(oldest);
                }
            }
            Ok(())
        })
        .await?;
        Ok(all.into_values().collect())
    }

    async fn send(&self, operation: &'static str, command: &Cmd) -> Result<Value, DriverError> {
        self.core.check_open(operation)?;
        let answer = self.core.work.send(command).await;
        answer.map_err(|error| failed(operation, error))
    }

    async fn queue_list(&self) -> Result<Vec<QueueInfo>, DriverError> {
        let mut all = std::collections::BTreeMap::new();
        for counts in self.numbers(None).await? {
            all.insert(counts.queue, None);
        }
        let mut command = redis::cmd("HGETALL");
        let answer = self
            .send("queues", command.arg(self.core.key("paused")))
            .await?;
        let paused: Vec<(Vec<u8>, Vec<u8>)> =
            redis::from_redis_value(answer).map_err(|error| failed("queues", error.into()))?;
        for (name, pause) in paused {
            if let (Some(name), Some(since)) = (queue_name(&name), row::due(&pause)) {
                let reason = pause.get(9..).map(String::from_utf8_lossy);
                let reason = reason.map(std::borrow::Cow::into_owned);
                all.insert(name, Some(Pause { since, reason }));
            }
        }
        let info = |(name, paused)| QueueInfo { name, paused };
        Ok(all.into_iter().map(info).collect())
    }

    async fn worker_list(&self) -> Result<Vec<WorkerInfo>, DriverError> {
        let mut command = redis::cmd("HVALS");
        let answer = self
            .send("workers", command.arg(self.core.key("info")))
            .await?;
        let infos: Vec<Vec<u8>> =
            redis::from_redis_value(answer).map_err(|error| failed("workers", error.into()))?;
        let infos = infos
            .iter()
            .filter_map(|info| serde_json::from_slice(info).ok());
        let mut workers: Vec<WorkerInfo> = infos.collect();
        workers.sort_by_key(|worker| worker.id);
        Ok(workers)
    }

    async fn pause_queue(
        &self,
        queue: &QueueName,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, DriverError> {
        let mut pause = row::time(now).to_vec();
        if let Some(reason) = reason {
            pause.push(b'r');
            pause.extend_from_slice(reason.as_bytes());
        }
        let mut command = redis::cmd("HSETNX");
        command
            .arg(self.core.key("paused"))
            .arg(queue.as_str())
            .arg(pause);
        Ok(self.send("pause", &command).await? == Value::Int(1))
    }

    async fn resume_queue(&self, queue: &QueueName) -> Result<bool, DriverError> {
        let mut command = redis::cmd("HDEL");
        command.arg(self.core.key("paused")).arg(queue.as_str());
        let paused = self.send("resume", &command).await? == Value::Int(1);
        if paused {
            self.core.wakes.wake(std::slice::from_ref(queue));
            let message = [&self.core.sender[..], queue.as_str().as_bytes()].concat();
            let mut command = redis::cmd("PUBLISH");
            self.send("resume", command.arg(self.core.key("wake")).arg(message))
                .await?;
        }
        Ok(paused)
    }
}

impl Inspect for super::RedisDriver {
    fn get(&self, job: JobId) -> DriverFuture<'_, Option<JobRecord>> {
        Box::pin(async move { Ok(self.whole(&[job]).await?.pop()) })
    }

    fn list<'a>(&'a self, filter: &'a JobFilter, page: Page) -> DriverFuture<'a, JobPage> {
        Box::pin(self.list_page(filter, page))
    }

    fn counts<'a>(&'a self, queue: Option<&'a QueueName>) -> DriverFuture<'a, Vec<QueueCounts>> {
        Box::pin(self.numbers(queue))
    }

    fn queues(&self) -> DriverFuture<'_, Vec<QueueInfo>> {
        Box::pin(self.queue_list())
    }

    fn workers(&self) -> DriverFuture<'_, Vec<WorkerInfo>> {
        Box::pin(self.worker_list())
    }

    fn retry<'a>(
        &'a self,
        jobs: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        Box::pin(async move {
            let done = self.act(super::act::Action::Retry, jobs, limit, now).await;
            done.map(|count| count.cancelled)
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
        let action = super::act::Action::Cancel { reason, keep };
        Box::pin(self.act(action, jobs, limit, now))
    }

    fn delete<'a>(
        &'a self,
        jobs: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        Box::pin(async move {
            let done = self.act(super::act::Action::Delete, jobs, limit, now).await;
            done.map(|count| count.cancelled)
        })
    }

    fn pause<'a>(
        &'a self,
        queue: &'a QueueName,
        reason: Option<&'a str>,
        now: Timestamp,
    ) -> DriverFuture<'a, bool> {
        Box::pin(self.pause_queue(queue, reason, now))
    }

    fn resume<'a>(&'a self, queue: &'a QueueName) -> DriverFuture<'a, bool> {
        Box::pin(self.resume_queue(queue))
    }
}
