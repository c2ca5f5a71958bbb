//! Settling jobs and taking them.

use std::collections::BTreeSet;

use bytes::Bytes;
use redis::RedisError;

use super::connection::{begin, failed};
use super::driver::Core;
use super::jobs::check;
use super::reply::Reply;
use super::row::{self, Head, Row};
use super::scripts::TICK;
use super::settlement;
use crate::clock::Timestamp;
use crate::driver::{
    ClaimRequest, Claimed, Claims, DriverError, Lease, MAX_BATCH, Settled, Settlement,
};
use crate::id::{QueueName, WorkerId};
use crate::job::JobState;

impl super::RedisDriver {
    /// Settles and claims in one script. The inner error: the settlements are applied, and what was
    /// claimed is not known.
    pub(super) async fn tick(
        &self,
        operation: &'static str,
        worker: WorkerId,
        settlements: &[Settlement],
        request: &ClaimRequest,
        now: Timestamp,
    ) -> Result<(Vec<Settled>, Result<Claims, DriverError>), DriverError> {
        self.core.check_open(operation)?;
        let mut follow = settlements.iter().flat_map(|one| &one.follow);
        follow.try_for_each(check)?;
        let mut asked = Asked::new(request);
        if settlements.is_empty() && asked.is_over() {
            return Ok((Vec::new(), Ok(Claims::default())));
        }
        let run = async |settlements: &[Settlement], asked: &Asked<'_>| {
            let command = tick_command(&self.core, worker, settlements, asked, now);
            let answer = self.core.work.run(&TICK, &command).await;
            let part = answer.and_then(Reply::new);
            let part = part.and_then(|reply| Ticked::read(reply, now));
            let part = part.map_err(|error| failed(operation, error))?;
            self.core.wakes.wake(&part.promoted);
            Ok::<_, DriverError>(part)
        };
        let first = run(settlements, &asked).await?;
        self.tell(settlements, &first.settled, now);
        let settled = first.settled;
        let (mut claims, mut rest) = (first.claims, first.rest);
        asked.got(&claims.jobs);
        // A claim whose answer would be huge comes in parts.
        while rest && !asked.is_over() {
            let part = match run(&[], &asked).await {
                Ok(part) => part,
                Err(error) => return Ok((settled, Err(error))),
            };
            asked.got(&part.claims.jobs);
            let earlier = std::mem::replace(&mut claims, part.claims).jobs;
            claims.jobs.splice(0..0, earlier);
            rest = part.rest;
        }
        Ok((settled, Ok(claims)))
    }

    /// Tells this process what came of applied settlements.
    fn tell(&self, settlements: &[Settlement], settled: &[Settled], now: Timestamp) {
        let applied = settlements.iter().zip(settled);
        let applied = applied.filter(|(_, settled)| **settled == Settled::Applied);
        let applied = applied.map(|(settlement, _)| settlement);
        self.core.ends.settled(applied.clone());
        let mut queues = BTreeSet::new();
        for settlement in applied {
            let due = settlement.follow.iter().filter(|job| job.run_at <= now);
            queues.extend(due.map(|job| job.queue.clone()));
            if settlement.target(now) == Some(JobState::Available) {
                queues.insert(settlement.lease.queue.clone());
            }
        }
        if !queues.is_empty() {
            self.core
                .wakes
                .wake(&queues.into_iter().collect::<Vec<_>>());
        }
    }
}

/// What is still wanted of a claim's request.
struct Asked<'a> {
    request: &'a ClaimRequest,
    left: usize,
    /// How much each share has given.
    taken: Vec<usize>,
}

impl<'a> Asked<'a> {
    fn new(request: &'a ClaimRequest) -> Self {
        Self {
            request,
            left: request.limit.min(MAX_BATCH),
            taken: vec![0; request.shares.len()],
        }
    }

    /// The shares that may still give, and how much each.
    fn shares(&self) -> impl ExactSizeIterator<Item = (&QueueName, usize)> {
        let shares = self.request.shares.iter().zip(&self.taken);
        let shares = shares.map(|(share, taken)| (&share.queue, share.limit - taken));
        let open = shares.filter(|(_, limit)| self.left > 0 && *limit > 0);
        open.collect::<Vec<_>>().into_iter()
    }

    fn is_over(&self) -> bool {
        self.shares().len() == 0
    }

    /// Notes what the shares gave, which give in their order.
    fn got(&mut self, jobs: &[Claimed]) {
        self.left -= jobs.len().min(self.left);
        for job in jobs {
            let mut shares = self.request.shares.iter().zip(&mut self.taken);
            let giver = shares
                .find(|(share, taken)| share.queue == job.lease.queue && share.limit > **taken);
            if let Some((_, taken)) = giver {
                *taken += 1;
            }
        }
    }
}

fn tick_command(
    core: &Core,
    worker: WorkerId,
    settlements: &[Settlement],
    asked: &Asked<'_>,
    now: Timestamp,
) -> redis::Cmd {
    let shares = asked.shares();
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
    command.arg(asked.left).arg(shares.len());
    for (queue, limit) in shares {
        command.arg(queue.as_str()).arg(limit.min(MAX_BATCH));
    }
    for settlement in settlements {
        settlement::append(&mut command, settlement, now);
    }
    command
}

/// What the tick script answered.
struct Ticked {
    settled: Vec<Settled>,
    claims: Claims,
    promoted: Vec<QueueName>,
    /// The claim ended because the answer became too large.
    rest: bool,
}

impl Ticked {
    fn read(mut reply: Reply, now: Timestamp) -> Result<Self, RedisError> {
        let settled = reply.bytes()?.into_iter().map(|letter| match letter {
            b'1' => Settled::Applied,
            _ => Settled::LeaseLost,
        });
        let settled = settled.collect();
        let cancelled = reply.each(row::job_id)?;
        let next_due = read_score(&reply.bytes()?);
        let promoted = reply.each(queue_name)?;
        let rest = reply.number()? == 1;
        let claims = Claims {
            jobs: claimed(reply.array()?, now)?,
            cancelled,
            next_due,
        };
        Ok(Self {
            settled,
            claims,
            promoted,
            rest,
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
