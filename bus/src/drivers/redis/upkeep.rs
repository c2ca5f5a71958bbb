//! Heartbeats, rescue, promotion, pruning.

use redis::{Cmd, RedisError, Value};

use super::connection::{begin, failed};
use super::reply::Reply;
use super::row;
use super::scripts::{DISOWN, HEARTBEAT, Lua, PROMOTE, PRUNE, RESCUE};
use super::settlement::score_of;
use super::tick::{claimed, queue_name, read_score};
use crate::clock::Timestamp;
use crate::driver::{DriverError, Heartbeat, MAX_BATCH, Promoted, Rescue, Rescued, WorkerInfo};
use crate::id::{JobId, WorkerId};

impl super::RedisDriver {
    /// Runs a script and reads its answer.
    pub(super) async fn ask<T>(
        &self,
        lua: &Lua,
        command: &Cmd,
        read: impl FnOnce(Reply) -> Result<T, RedisError>,
    ) -> Result<T, DriverError> {
        self.core.check_open(lua.operation)?;
        let answer = self.core.work.run(lua, command).await;
        let answer = answer.and_then(Reply::new).and_then(read);
        answer.map_err(|error| failed(lua.operation, error))
    }

    pub(super) async fn beat(
        &self,
        worker: &WorkerInfo,
        now: Timestamp,
    ) -> Result<Heartbeat, DriverError> {
        let expires_at = now + worker.lease;
        let info = WorkerInfo {
            expires_at,
            ..worker.clone()
        };
        let info = serde_json::to_vec(&info).expect("strings and numbers always serialise");
        let mut command = begin(&HEARTBEAT, &self.core.base, 3, info.len() + 64);
        command
            .arg(&worker.id.as_bytes()[..])
            .arg(score_of(expires_at))
            .arg(info);
        self.ask(&HEARTBEAT, &command, |mut reply| {
            let registered = reply.number()? == 1;
            let store_time = Some(time(&mut reply)?);
            Ok(Heartbeat {
                cancelled: reply.each(row::job_id)?,
                registered,
                store_time,
            })
        })
        .await
    }

    /// Whether the server answers, and its clock. (It tells the time even while it can't serve.)
    pub(super) async fn time(&self) -> Result<Option<Timestamp>, DriverError> {
        self.core.check_open("ping")?;
        let (ping, clock) = (redis::cmd("PING"), redis::cmd("TIME"));
        let both = tokio::try_join!(self.core.work.send(&ping), self.core.work.send(&clock));
        let clock = both.and_then(|(_, clock)| time(&mut Reply::new(clock)?));
        clock.map(Some).map_err(|error| failed("ping", error))
    }

    /// Gives back what the worker does not hold, a part at a time.
    pub(super) async fn give_back(
        &self,
        worker: WorkerId,
        held: &[JobId],
        retires: bool,
    ) -> Result<u64, DriverError> {
        let mut total = 0;
        loop {
            let mut command = begin(
                &DISOWN,
                &self.core.base,
                4 + held.len(),
                64 + 16 * held.len(),
            );
            command
                .arg(&self.core.sender[..])
                .arg(&worker.as_bytes()[..]);
            command.arg(MAX_BATCH).arg(u8::from(retires));
            for job in held {
                command.arg(&job.as_bytes()[..]);
            }
            let given = self.ask(&DISOWN, &command, |mut reply| {
                Ok((reply.number()?, reply.each(queue_name)?))
            });
            let (given, queues) = given.await?;
            self.core.wakes.wake(&queues);
            total += given;
            if usize::try_from(given).is_ok_and(|given| given < MAX_BATCH) {
                return Ok(total);
            }
        }
    }

    pub(super) async fn rescue_jobs(
        &self,
        rescue: &Rescue,
        now: Timestamp,
    ) -> Result<Rescued, DriverError> {
        let mut rescued = Rescued::default();
        let limit = rescue.limit.min(MAX_BATCH);
        let score = if rescue.retry_at <= now {
            String::new()
        } else {
            score_of(rescue.retry_at)
        };
        while rescued.moved() < limit {
            let mut command = begin(&RESCUE, &self.core.base, 7, 160);
            command.arg(&row::time(now)[..]).arg(now.as_micros());
            command
                .arg(&self.core.sender[..])
                .arg(&rescue.by.as_bytes()[..]);
            command.arg(limit - rescued.moved());
            command.arg(&row::time(rescue.retry_at)[..]).arg(&score);
            let part = self.ask(&RESCUE, &command, |mut reply| {
                let retried = usize::try_from(reply.number()?).unwrap_or_default();
                let buried = reply.each(row::worker_id)?;
                let rest = reply.number()? == 1;
                let queues = reply.each(queue_name)?;
                let exhausted = claimed(reply.array()?, now)?;
                Ok((
                    Rescued {
                        retried,
                        exhausted,
                        buried,
                    },
                    rest,
                    queues,
                ))
            });
            let (part, rest, queues) = part.await?;
            self.core.wakes.wake(&queues);
            rescued.retried += part.retried;
            rescued.exhausted.extend(part.exhausted);
            rescued.buried.extend(part.buried);
            if !rest {
                break;
            }
        }
        Ok(rescued)
    }

    pub(super) async fn promote_due(
        &self,
        limit: usize,
        now: Timestamp,
    ) -> Result<Promoted, DriverError> {
        let mut command = begin(&PROMOTE, &self.core.base, 3, 64);
        command
            .arg(&self.core.sender[..])
            .arg(now.as_micros())
            .arg(limit.min(MAX_BATCH));
        let done = self.ask(&PROMOTE, &command, |mut reply| {
            let count = usize::try_from(reply.number()?).unwrap_or_default();
            let next_due = read_score(&reply.bytes()?);
            Ok((Promoted { count, next_due }, reply.each(queue_name)?))
        });
        let (promoted, queues) = done.await?;
        self.core.wakes.wake(&queues);
        Ok(promoted)
    }

    pub(super) async fn prune_ended(
        &self,
        limit: usize,
        now: Timestamp,
    ) -> Result<u64, DriverError> {
        self.core.check_open("prune")?;
        let mut command = begin(&PRUNE, &self.core.base, 2, 32);
        command.arg(now.as_micros()).arg(limit.min(MAX_BATCH));
        match self.core.work.run(&PRUNE, &command).await {
            Ok(Value::Int(count)) => Ok(count.unsigned_abs()),
            Ok(_) => Ok(0),
            Err(error) => Err(failed("prune", error)),
        }
    }
}

/// The next two parts: seconds and microseconds.
fn time(reply: &mut Reply) -> Result<Timestamp, RedisError> {
    let seconds = i64::try_from(reply.number()?).unwrap_or(i64::MAX);
    let micros = i64::try_from(reply.number()?).unwrap_or_default();
    let micros = seconds.saturating_mul(1_000_000).saturating_add(micros);
    Ok(Timestamp::from_micros(micros))
}
