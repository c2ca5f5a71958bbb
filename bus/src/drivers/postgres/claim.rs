//! Taking jobs.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::fault::Fault;
use super::floor::{Place, Scan};
use super::rows;
use super::sql::query;
use super::store::Store;
use crate::clock::{self, Timestamp};
use crate::driver::{ClaimRequest, Claimed, Claims, MAX_BATCH};
use crate::id::{JobId, QueueName, WorkerId};

/// One queue of a request.
#[derive(Debug, Clone, Copy)]
struct Share {
    queue: i32,
    limit: usize,
}

/// Claims as the contract says; several statements only if a queue is named more than once, or if
/// one came back short that did not begin at the head.
pub(super) async fn claim(
    store: &Arc<Store>,
    worker: WorkerId,
    request: &ClaimRequest,
    now: Timestamp,
) -> Result<Claims, Fault> {
    let shares = request.shares.iter().filter(|share| share.limit > 0);
    let shares: Vec<(QueueName, usize)> = shares
        .map(|share| (share.queue.clone(), share.limit))
        .collect();
    let limit = request.limit.min(MAX_BATCH);
    if shares.is_empty() || limit == 0 {
        return Ok(Claims::default());
    }
    let shared = Arc::clone(store);
    store
        .claim
        .run(move |connection| {
            Box::pin(async move {
                let jobs = take_all(&shared, connection, worker, &shares, limit, now).await?;
                let cancelled = if shared.cancels.swap(false, Ordering::AcqRel) {
                    cancelled(&shared, connection, worker).await?
                } else {
                    Vec::new()
                };
                Ok(Claims {
                    jobs,
                    cancelled,
                    next_due: None,
                })
            })
        })
        .await
}

/// The running jobs of the worker that a person asked to end.
pub(super) async fn cancelled(
    store: &Store,
    connection: &mut PgConnection,
    worker: WorkerId,
) -> Result<Vec<JobId>, Fault> {
    let cancelled = query(&store.sql.cancelled).bind(worker.as_uuid());
    let rows = cancelled.fetch_all(connection).await?;
    let id = |row: &sqlx::postgres::PgRow| row.try_get::<Uuid, _>(0).map(JobId::from);
    Ok(rows.iter().map(id).collect::<Result<_, _>>()?)
}

async fn take_all(
    store: &Store,
    connection: &mut PgConnection,
    worker: WorkerId,
    shares: &[(QueueName, usize)],
    limit: usize,
    now: Timestamp,
) -> Result<Vec<Claimed>, Fault> {
    let queues = shares.iter().map(|(queue, _)| queue);
    store
        .names
        .learn_queues(connection, &store.sql, queues)
        .await?;
    let mut rest: Vec<Share> = shares
        .iter()
        .map(|(queue, limit)| Share {
            queue: store
                .names
                .queue(queue.as_str())
                .expect("the name was learnt before"),
            limit: *limit,
        })
        .collect();
    let mut jobs = Vec::new();
    // A statement sees the rows it has locked itself, so a queue that is named again waits for
    // the next one.
    while !rest.is_empty() && jobs.len() < limit {
        let mut round: Vec<Share> = Vec::new();
        while let Some(&share) = rest.first()
            && round.iter().all(|other| other.queue != share.queue)
        {
            round.push(share);
            rest.remove(0);
        }
        take_round(store, connection, worker, &round, limit, now, &mut jobs).await?;
    }
    Ok(jobs)
}

/// Takes from queues that differ, in order. A scan that began above the head and came back short
/// is repeated from the head for what is missing.
async fn take_round(
    store: &Store,
    connection: &mut PgConnection,
    worker: WorkerId,
    round: &[Share],
    limit: usize,
    now: Timestamp,
    jobs: &mut Vec<Claimed>,
) -> Result<(), Fault> {
    let begun = jobs.len();
    let mut shares = round.to_vec();
    let mut full = false;
    loop {
        let started = clock::instant();
        let starts: Vec<_> = shares
            .iter()
            .map(|share| store.floors.start(share.queue, full, started))
            .collect();
        let places: Vec<Place> = starts.iter().map(|start| start.place).collect();
        let left = limit - jobs.len();
        let taken = take(store, connection, worker, &shares, &places, left, now).await?;
        let took = clock::instant() - started;
        let exhausted = taken.values().map(Vec::len).sum::<usize>() < left;
        // Queues are walked in order until the limit: those behind the last that gave a job may
        // not have been looked at.
        let gave = |share: &Share| taken.contains_key(&share.queue);
        let reached = match exhausted {
            true => shares.len(),
            false => shares.iter().rposition(gave).map_or(0, |last| last + 1),
        };
        let mut again = Vec::new();
        for (at, (share, start)) in shares.iter().zip(starts).enumerate().take(reached) {
            let got = taken.get(&share.queue).map_or(&[][..], Vec::as_slice);
            let walked = exhausted || at + 1 < reached;
            let short = walked && got.len() < share.limit;
            let scan = Scan {
                last: got.last().map(place),
                short,
                at: started,
                took,
            };
            store.floors.scanned(share.queue, start, scan);
            if short && !start.full {
                again.push(Share {
                    limit: share.limit - got.len(),
                    ..*share
                });
            }
        }
        let mut taken = taken;
        for share in &shares {
            jobs.extend(taken.remove(&share.queue).unwrap_or_default());
        }
        if again.is_empty() || jobs.len() >= limit {
            break;
        }
        shares = again;
        full = true;
    }
    if full {
        // The second scan found jobs that belong before those of the first.
        let order: HashMap<QueueName, usize> = round
            .iter()
            .enumerate()
            .map(|(at, share)| (store.names.queue_name(share.queue), at))
            .collect();
        jobs[begun..].sort_by_key(|job| (order.get(&job.lease.queue).copied(), place(job)));
    }
    Ok(())
}

fn place(job: &Claimed) -> Place {
    (
        job.priority.rank(),
        job.run_at.as_micros(),
        job.lease.job.as_uuid(),
    )
}

/// Takes and reads jobs, by queue, in order. By one statement, unless another process turns out to
/// claim as well.
async fn take(
    store: &Store,
    connection: &mut PgConnection,
    worker: WorkerId,
    shares: &[Share],
    places: &[Place],
    limit: usize,
    now: Timestamp,
) -> Result<HashMap<i32, Vec<Claimed>>, Fault> {
    let mut scan = Scanned {
        shares: shares.to_vec(),
        limit,
        taken: HashMap::new(),
    };
    let mut others = !store.is_alone();
    if !others {
        let alone = &store.sql.claim_alone;
        let taken = scan.run(store, connection, alone, worker, places, now);
        let (chosen, taken) = taken.await?;
        if taken > 0 && taken == chosen {
            return Ok(scan.in_order());
        }
        // Nothing taken says nothing yet: all that was chosen may be another's.
        others = taken > 0;
    }
    let taken = scan.run(store, connection, &store.sql.claim, worker, places, now);
    let (_, taken) = taken.await?;
    if others || taken > 0 {
        store.claims_alone(false);
    }
    Ok(scan.in_order())
}

/// What one or two statements took.
struct Scanned {
    /// What may still be taken.
    shares: Vec<Share>,
    limit: usize,
    taken: HashMap<i32, Vec<Claimed>>,
}

impl Scanned {
    /// One statement; how many jobs it chose, and how many it took.
    async fn run(
        &mut self,
        store: &Store,
        connection: &mut PgConnection,
        statement: &Arc<str>,
        worker: WorkerId,
        places: &[Place],
        now: Timestamp,
    ) -> Result<(usize, usize), Fault> {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let shares = self.shares.iter();
        let claim = query(statement)
            .bind(worker.as_uuid())
            .bind(now.as_micros())
            .bind(shares.clone().map(|share| share.queue).collect::<Vec<_>>())
            .bind(shares.map(|share| number(share.limit)).collect::<Vec<_>>())
            .bind(places.iter().map(|place| place.0).collect::<Vec<_>>())
            .bind(places.iter().map(|place| place.1).collect::<Vec<_>>())
            .bind(places.iter().map(|place| place.2).collect::<Vec<_>>())
            .bind(number(self.limit));
        let found = claim.fetch_all(&mut *connection).await?;
        let numbers: Vec<(i32, i32)> = found.iter().map(rows::numbers).collect::<Result<_, _>>()?;
        let (queues, kinds) = (
            numbers.iter().map(|pair| pair.0),
            numbers.iter().map(|pair| pair.1),
        );
        store
            .names
            .learn_numbers(connection, &store.sql, queues, kinds)
            .await?;
        for (row, (queue, _)) in found.iter().zip(&numbers) {
            let jobs = self.taken.entry(*queue).or_default();
            jobs.push(rows::claimed(row, &store.names)?);
        }
        for share in &mut self.shares {
            let taken = numbers.iter().filter(|(queue, _)| *queue == share.queue);
            share.limit -= taken.count();
        }
        self.limit -= found.len();
        // After the columns of a claimed job.
        let chosen = found.first().map(|row| row.try_get::<i32, _>(15));
        let chosen = usize::try_from(chosen.transpose()?.unwrap_or(0)).unwrap_or(0);
        Ok((chosen, found.len()))
    }

    /// All that was taken, in each queue in the order of claims.
    fn in_order(mut self) -> HashMap<i32, Vec<Claimed>> {
        for jobs in self.taken.values_mut() {
            jobs.sort_by_key(place);
        }
        self.taken
    }
}
