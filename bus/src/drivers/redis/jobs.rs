//! Storing jobs.

use std::sync::Arc;

use redis::RedisError;

use super::super::batcher::Flush;
use super::connection::{STORE, begin, failed};
use super::driver::Core;
use super::hand_off::Reserved;
use super::reply;
use super::row;
use super::scripts::PUSH;
use super::settlement::score_of;
use crate::clock::Timestamp;
use crate::driver::{DriverError, MAX_BATCH, Pushed};
use crate::id::{JobId, QueueName};
use crate::job::NewJob;

/// The largest body: Redis refuses values of 512 MB.
const LARGEST_BODY: usize = 500 * 1024 * 1024;

/// An id as an argument.
pub(super) fn id_bytes(job: &JobId) -> &[u8] {
    job.as_bytes()
}

/// Whether a job is due when it is stored.
#[derive(Debug, Clone, Copy)]
pub(super) enum Due {
    Now,
    At(Timestamp),
}

impl Due {
    pub(super) fn of(job: &NewJob, now: Timestamp) -> Self {
        if job.run_at <= now {
            Self::Now
        } else {
            Self::At(job.run_at)
        }
    }

    /// As the scripts take it.
    pub(super) fn how(self) -> String {
        match self {
            Self::Now => String::new(),
            Self::At(at) => format!("d{}", score_of(at)),
        }
    }
}

/// A job on its way to the server.
#[derive(Debug)]
pub(super) struct Pushing {
    pub(super) id: JobId,
    pub(super) queue: QueueName,
    pub(super) due: Due,
    pub(super) now: Timestamp,
    row: Vec<u8>,
    /// Kept only if a worker might take it at once.
    pub(super) job: Option<NewJob>,
}

/// Refuses what this store does not keep.
pub(super) fn check(job: &NewJob) -> Result<(), DriverError> {
    if job.envelope.body.len() > LARGEST_BODY {
        return Err(DriverError::permanent(
            STORE,
            "push",
            format!("a body of {} bytes is too large", job.envelope.body.len()),
        ));
    }
    let Some(links) = job.links() else {
        return Ok(());
    };
    let refused = [
        (links.unique.is_some(), "push of a job with a unique key"),
        (
            !links.concurrency.is_empty(),
            "push of a job with a concurrency key",
        ),
        (!links.rates.is_empty(), "push of a job with a rate"),
        (links.batch.is_some(), "push of a member of a batch"),
    ];
    match refused.into_iter().find(|(found, _)| *found) {
        Some((_, what)) => Err(DriverError::unsupported(STORE, what)),
        None => Ok(()),
    }
}

/// Stores batches of jobs, one script each.
#[derive(Debug)]
pub(super) struct Pusher(pub(super) Arc<Core>);

impl Flush for Pusher {
    type Item = Pushing;
    type Done = Pushed;
    type Error = RedisError;
    const ITEMS: usize = MAX_BATCH;
    /// The server works on one while the other is made and answered. More would make small batches of
    /// which each costs the server as much as some more jobs in one.
    const AT_ONCE: usize = 2;
    const WEIGHT: usize = 16 * 1024 * 1024;

    fn weight(item: &Pushing) -> usize {
        item.row.len()
    }

    async fn flush(&self, mut batch: Vec<Pushing>) -> Result<Vec<Pushed>, RedisError> {
        let core = &self.0;
        let reserved = Reserved::take(&core.offers(), &mut batch);
        let now = batch.iter().map(|item| item.now).max();
        let bytes = batch.iter().map(|item| item.row.len() + 32).sum();
        let mut command = begin(&PUSH, &core.base, 2 + 3 * batch.len(), bytes);
        command.arg(&row::time(now.unwrap_or(Timestamp::EPOCH))[..]);
        command.arg(&core.sender[..]);
        for (at, item) in batch.iter().enumerate() {
            command.arg(id_bytes(&item.id));
            match reserved.worker(at) {
                Some(worker) => command.arg([b"h", &worker.as_bytes()[..]].concat()),
                None => command.arg(item.due.how()),
            };
            command.arg(&item.row);
        }
        let answer = core
            .pushes
            .run(&PUSH, &command)
            .await
            .and_then(reply::bytes);
        let letters = match answer {
            Ok(letters) => letters,
            Err(error) => {
                reserved.failed(&batch, failed(PUSH.operation, error.clone()).is_transient());
                return Err(error);
            }
        };
        let mut queues: Vec<QueueName> = Vec::new();
        let mut pushed = Vec::with_capacity(batch.len());
        for (item, letter) in batch.iter().zip(&letters) {
            pushed.push(match letter {
                b'd' => Pushed::Duplicate(item.id),
                _ => Pushed::Stored,
            });
            let waits = matches!(letter, b's' | b'p') && matches!(item.due, Due::Now);
            if waits && !queues.contains(&item.queue) {
                queues.push(item.queue.clone());
            }
        }
        if !queues.is_empty() {
            core.wakes.wake(&queues);
        }
        reserved.stored(batch, &letters);
        Ok(pushed)
    }

    fn dropped() -> RedisError {
        let broken = std::io::ErrorKind::BrokenPipe;
        std::io::Error::new(broken, "the runtime ended while the jobs were stored").into()
    }
}

impl Core {
    fn encode(&self, job: NewJob, now: Timestamp, offered: bool) -> Pushing {
        let due = Due::of(&job, now);
        Pushing {
            id: job.id,
            queue: job.queue.clone(),
            due,
            now,
            row: row::encode(&job, now),
            job: (offered && matches!(due, Due::Now)).then_some(job),
        }
    }
}

impl super::RedisDriver {
    pub(super) async fn push_jobs(
        &self,
        jobs: Vec<NewJob>,
        now: Timestamp,
    ) -> Result<Vec<Pushed>, DriverError> {
        self.core.check_open("push")?;
        jobs.iter().try_for_each(check)?;
        let offered = !self.core.offers().is_empty();
        let mut pushed = Vec::with_capacity(jobs.len());
        let mut jobs = jobs.into_iter();
        let mut encode = || -> Vec<Pushing> {
            let part = jobs.by_ref().take(MAX_BATCH);
            part.map(|job| self.core.encode(job, now, offered))
                .collect()
        };
        let mut part = encode();
        while !part.is_empty() {
            let on_its_way = self.batcher.submit(part);
            part = encode();
            let done = on_its_way.await;
            pushed.append(&mut done.map_err(|error| failed("push", error))?);
        }
        Ok(pushed)
    }
}
