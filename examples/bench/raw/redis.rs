//! Raw Lua: a sorted set in the order of claims, a hash of payloads, a hash of what is taken.
use super::super::place::Place;
use super::super::report::Report;
use super::{BATCHES, calls, named, payload};
use bus::BoxError;
use redis::Script;
use redis::aio::MultiplexedConnection;
use std::time::Instant;

const PUSH: &str = "for i = 1, #ARGV, 2 do \
       redis.call('ZADD', KEYS[1], 0, ARGV[i]) \
       redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) \
     end";

/// Settles what was taken last, and takes the next.
const TICK: &str = "local count = tonumber(ARGV[1]) \
     if #ARGV > 1 then \
       redis.call('HDEL', KEYS[3], unpack(ARGV, 2)) \
       redis.call('HDEL', KEYS[2], unpack(ARGV, 2)) \
     end \
     local popped, ids, held = redis.call('ZPOPMIN', KEYS[1], count), {}, {} \
     if #popped == 0 then return {} end \
     for i = 1, #popped, 2 do \
       ids[#ids + 1] = popped[i] \
       held[#held + 1] = popped[i] \
       held[#held + 1] = '1' \
     end \
     redis.call('HSET', KEYS[3], unpack(held)) \
     return {ids, redis.call('HMGET', KEYS[2], unpack(ids))}";

pub(super) async fn raw(place: &Place, jobs: u64, report: &mut Report) -> Result<(), BoxError> {
    let space = place.space();
    let keys = ["ready", "data", "taken"].map(|name| format!("{{{space}}}:{name}"));
    let mut connection = place.redis().await?;
    for batch in BATCHES {
        let begun = Instant::now();
        push(&mut connection, &keys, jobs, batch).await?;
        let rate = jobs as f64 / begun.elapsed().as_secs_f64();
        report.add(format!("raw push, {} a call", named(batch)), "jobs/s", rate);
        let begun = Instant::now();
        let drained = drain(&mut connection, &keys, batch).await?;
        if drained != jobs {
            return Err(format!("the raw loop took {drained} of {jobs} jobs").into());
        }
        let name = format!("raw settle with claim, {}", named(batch));
        let rate = jobs as f64 / begun.elapsed().as_secs_f64();
        report.add(name.as_str(), "jobs/s", rate);
        report.ratio(&format!("drain ÷ {name}"), "drain", &name);
    }
    report.ratio(
        "bulk 1 000 ÷ raw push",
        "bulk 1 000",
        "raw push, 1 000 a call",
    );
    Ok(())
}

async fn push(
    connection: &mut MultiplexedConnection,
    keys: &[String; 3],
    jobs: u64,
    batch: u64,
) -> Result<(), BoxError> {
    let script = Script::new(PUSH);
    for numbers in calls(jobs, batch) {
        let mut call = script.prepare_invoke();
        call.key(&keys[0]).key(&keys[1]);
        for number in numbers {
            call.arg(format!("{number:016}")).arg(payload(number));
        }
        call.invoke_async::<()>(connection).await?;
    }
    Ok(())
}

async fn drain(
    connection: &mut MultiplexedConnection,
    keys: &[String; 3],
    batch: u64,
) -> Result<u64, BoxError> {
    let script = Script::new(TICK);
    let (mut drained, mut taken) = (0, Vec::<String>::new());
    loop {
        let mut call = script.prepare_invoke();
        call.key(&keys[0]).key(&keys[1]).key(&keys[2]).arg(batch);
        for id in &taken {
            call.arg(id);
        }
        let answer: Vec<Vec<String>> = call.invoke_async(connection).await?;
        let [ids, payloads] = <[_; 2]>::try_from(answer).unwrap_or_default();
        drained += payloads.len() as u64;
        taken = ids;
        if taken.is_empty() {
            return Ok(drained);
        }
    }
}
