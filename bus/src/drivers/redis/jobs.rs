//! Storing jobs, taking them, settling them.

use std::sync::Arc;

use bytes::Bytes;
use redis::RedisError;

use super::super::batcher::Flush;
use super::connection::{STORE, begin, failed};
use super::driver::Core;
use super::hand_off::Reserved;
use super::reply::{self, Reply};
use super::row::{self, Head, Row};
use super::scripts::{PUSH, TICK};
use super::settlement::{self, score_of};
use crate::clock::Timestamp;
use crate::driver::{
    ClaimRequest, Claimed, Claims, DriverError, Lease, MAX_BATCH, Pushed, Settled, Settlement,
};
use crate::id::{JobId, QueueName, WorkerId};
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
fn check(job: &NewJob) -> Result<(), DriverError> {
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

    /// Settles and claims in one script, or one of both.
    pub(super) async fn tick(
        &self,
        operation: &'static str,
        worker: WorkerId,
        settlements: &[Settlement],
        request: &ClaimRequest,
        now: Timestamp,
    ) -> Result<(Vec<Settled>, Claims), DriverError> {
        self.core.check_open(operation)?;
        let follow = settlements.iter().flat_map(|settlement| &settlement.follow);
        follow.into_iter().try_for_each(check)?;
        let mut settled = Vec::with_capacity(settlements.len());
        let mut claims = Claims::default();
        let mut left = request.limit.min(MAX_BATCH);
        let mut taken = vec![0; request.shares.len()];
        let mut first = true;
        // A claim whose answer would be huge comes in parts.
        while first || left > 0 {
            let now_settled = if first { settlements } else { &[] };
            let shares: Vec<_> = request.shares.iter().zip(&taken).collect();
            let shares = shares
                .into_iter()
                .filter(|(share, taken)| share.limit > **taken);
            let shares: Vec<_> = shares
                .map(|(share, taken)| (&share.queue, share.limit - taken))
                .take_while(|_| left > 0)
                .collect();
            first = false;
            let command = tick_command(&self.core, worker, now_settled, &shares, left, now);
            let answer = self.core.work.run(&TICK, &command).await;
            let answer = answer.and_then(Reply::new);
            let part = answer.and_then(|reply| Ticked::read(reply, now));
            let part = part.map_err(|error| failed(operation, error))?;
            settled.extend(part.settled);
            self.core.wakes.wake(&part.promoted);
            left -= part.jobs.len().min(left);
            count_shares(&part.jobs, request, &mut taken);
            claims.jobs.extend(part.jobs);
            claims.cancelled = part.cancelled;
            claims.next_due = part.next_due;
            if !part.rest {
                break;
            }
        }
        let applied = settlements.iter().zip(&settled);
        let applied = applied.filter(|(_, settled)| **settled == Settled::Applied);
        self.core
            .ends
            .settled(applied.clone().map(|(settlement, _)| settlement));
        self.wake_followers(applied.map(|(settlement, _)| settlement), now);
        Ok((settled, claims))
    }

    fn wake_followers<'a>(&self, applied: impl Iterator<Item = &'a Settlement>, now: Timestamp) {
        for settlement in applied {
            let due = settlement.follow.iter().filter(|job| job.run_at <= now);
            let mut queues: Vec<_> = due.map(|job| job.queue.clone()).collect();
            if settlement.target(now) == Some(crate::job::JobState::Available) {
                queues.push(settlement.lease.queue.clone());
            }
            if !queues.is_empty() {
                self.core.wakes.wake(&queues);
            }
        }
    }
}

/// Notes what each share has given, in the order in which shares give.
fn count_shares(jobs: &[Claimed], request: &ClaimRequest, taken: &mut [usize]) {
    for job in jobs {
        let shares = request.shares.iter().zip(taken.iter_mut());
        let mut open =
            shares.filter(|(share, taken)| share.queue == job.lease.queue && share.limit > **taken);
        if let Some((_, taken)) = open.next() {
            *taken += 1;
        }
    }
}

fn tick_command(
    core: &Core,
    worker: WorkerId,
    settlements: &[Settlement],
    shares: &[(&QueueName, usize)],
    limit: usize,
    now: Timestamp,
) -> redis::Cmd {
    let settling: usize = settlements.iter().map(settlement::arguments).sum();
    let bytes: usize = settlements.iter().map(settlement::weight).sum();
    let arguments = 6 + 2 * shares.len() + settling;
    let mut command = begin(
        &TICK,
        &core.base,
        arguments,
        bytes + 64 * shares.len() + 128,
    );
    command.arg(&row::time(now)[..]).arg(now.as_micros());
    command.arg(&core.sender[..]).arg(&worker.as_bytes()[..]);
    command.arg(limit).arg(shares.len());
    for (queue, limit) in shares {
        command.arg(queue.as_str()).arg(limit.min(&MAX_BATCH));
    }
    for settlement in settlements {
        settlement::append(&mut command, settlement, now);
    }
    command
}

/// What the tick script answered.
struct Ticked {
    settled: Vec<Settled>,
    cancelled: Vec<JobId>,
    next_due: Option<Timestamp>,
    promoted: Vec<QueueName>,
    rest: bool,
    jobs: Vec<Claimed>,
}

impl Ticked {
    fn read(mut reply: Reply, now: Timestamp) -> Result<Self, RedisError> {
        let settled = reply.bytes()?.into_iter().map(|letter| match letter {
            b'1' => Settled::Applied,
            _ => Settled::LeaseLost,
        });
        Ok(Self {
            settled: settled.collect(),
            cancelled: reply.each(row::job_id)?,
            next_due: read_score(&reply.bytes()?),
            promoted: reply.each(queue_name)?,
            rest: reply.number()? == 1,
            jobs: claimed(reply.array()?, now)?,
        })
    }
}

/// A name as a script gives it back.
pub(super) fn queue_name(bytes: &[u8]) -> Option<QueueName> {
    QueueName::new(std::str::from_utf8(bytes).ok()?).ok()
}

/// A score as a time; an empty one is none.
pub(super) fn read_score(score: &[u8]) -> Option<Timestamp> {
    let micros: f64 = std::str::from_utf8(score).ok()?.parse().ok()?;
    // Far beyond a timestamp's range the cast saturates, which is what it means.
    Some(Timestamp::from_micros(micros as i64))
}

/// Jobs handed out by a script: id and head, row, and so on.
pub(super) fn claimed(mut reply: Reply, now: Timestamp) -> Result<Vec<Claimed>, RedisError> {
    let mut jobs = Vec::with_capacity(reply.len() / 2);
    while !reply.is_empty() {
        let head = reply.bytes()?;
        let row = Row::decode(Bytes::from(reply.bytes()?));
        jobs.extend(one_claimed(&head, row, now));
    }
    Ok(jobs)
}

fn one_claimed(id_and_head: &[u8], row: Row, now: Timestamp) -> Option<Claimed> {
    let id = row::job_id(id_and_head)?;
    let head = id_and_head.get(16..).and_then(Head::decode);
    let damage = row
        .damage
        .or_else(|| head.is_none().then(|| "the head is damaged".to_owned()));
    let head = head.unwrap_or_else(|| Head::unreadable(now));
    Some(Claimed {
        lease: Lease {
            job: id,
            queue: head.queue,
            delivery: head.deliveries,
            token: 0,
        },
        envelope: row.envelope,
        priority: head.priority,
        run_at: head.run_at,
        created_at: row.created_at,
        attempts: head.attempts,
        deferrals: head.deferrals,
        max_attempts: head.max_attempts,
        extras: row.extras,
        cancel_requested: head.cancel_requested,
        damage,
    })
}
