//! Storing jobs: group commit and hand-off.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::super::batcher::Flush;
use super::fault::{Fault, STORE, is_duplicate};
use super::rows::{Entry, are_alike, bind_alike, bind_entries};
use super::sql::query;
use super::store::Store;
use crate::clock::Timestamp;
use crate::driver::{Claimed, DriverError, HandOff, MAX_BATCH, Pushed};
use crate::id::{JobId, QueueName, WorkerId};
use crate::job::{Links, NewJob};

/// The largest body taken; the server's own limit for a row is 1 GiB.
const MAX_BODY: usize = 256 * 1024 * 1024;
/// A flush takes no more jobs once their bodies have so many bytes.
pub(super) const MAX_BYTES: usize = 16 * 1024 * 1024;
/// After a duplicate so many flushes expect another.
const CAREFUL: u32 = 100;

/// A job and the time of the call that stores it.
pub(super) type Timed = (NewJob, Timestamp);

/// Refuses what this store cannot keep, before it joins others in a flush.
pub(super) fn allowed(jobs: &[NewJob], operation: &'static str) -> Result<(), DriverError> {
    let tied = |links: &Links| {
        links.unique.is_some()
            || links.batch.is_some()
            || !links.concurrency.is_empty()
            || !links.rates.is_empty()
    };
    for job in jobs {
        if job.links().is_some_and(tied) {
            return Err(DriverError::unsupported(STORE, operation));
        }
        let bytes = job.envelope.body.len();
        if bytes > MAX_BODY {
            let message = format!("a payload of {bytes} bytes is more than {MAX_BODY}");
            return Err(DriverError::permanent(STORE, operation, message));
        }
    }
    Ok(())
}

/// The group that stores what gathers.
#[derive(Debug)]
pub(super) struct Pushes(pub(super) Arc<Store>);

impl Flush for Pushes {
    type Item = Timed;
    type Done = Pushed;
    type Error = Fault;
    const ITEMS: usize = MAX_BATCH;
    const WEIGHT: usize = MAX_BYTES;

    fn weight((job, _): &Timed) -> usize {
        job.envelope.body.len()
    }

    async fn flush(&self, batch: Vec<Timed>) -> Result<Vec<Pushed>, Fault> {
        flush(&self.0, batch).await
    }

    fn dropped() -> Fault {
        Fault::ended()
    }
}

/// Jobs that a worker takes at once, and what it is told of them.
struct Reserved {
    by: Arc<dyn HandOff>,
    queue: QueueName,
    jobs: Vec<usize>,
}

async fn flush(store: &Arc<Store>, jobs: Vec<Timed>) -> Result<Vec<Pushed>, Fault> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let lane = Arc::clone(&store.push);
    let shared = Arc::clone(store);
    lane.here(move |connection| {
        Box::pin(async move {
            learn(&shared, connection, jobs.iter().map(|(job, _)| job)).await?;
            let reserved = reserve(&shared, connection, &jobs).await;
            let mut workers: HashMap<usize, WorkerId> = HashMap::new();
            for part in &reserved {
                workers.extend(part.jobs.iter().map(|&at| (at, part.by.worker())));
            }
            match store_all(&shared, connection, &jobs, &workers).await {
                Ok(stored) => Ok(announce(&shared, jobs, &stored, &workers, reserved)),
                Err(fault) => {
                    for part in reserved {
                        part.by
                            .release(&part.queue, part.jobs.len(), fault.is_transient());
                    }
                    Err(fault)
                }
            }
        })
    })
    .await
}

/// Makes sure that the names of these jobs have numbers.
pub(super) async fn learn<'a>(
    store: &Store,
    connection: &mut PgConnection,
    jobs: impl Iterator<Item = &'a NewJob> + Clone,
) -> Result<(), Fault> {
    let queues = jobs.clone().map(|job| &job.queue);
    store
        .names
        .learn_queues(&mut *connection, &store.sql, queues)
        .await?;
    let kinds = jobs.map(|job| (&job.envelope.name, job.envelope.version));
    store.names.learn_kinds(connection, &store.sql, kinds).await
}

/// The entry of a job whose names are learnt.
pub(super) fn entry<'a>(
    store: &Store,
    job: &'a NewJob,
    now: Timestamp,
    worker: Option<WorkerId>,
) -> Entry<'a> {
    let known = "the names were learnt before";
    Entry {
        job,
        queue: store.names.queue(job.queue.as_str()).expect(known),
        kind: store
            .names
            .kind(&job.envelope.name, job.envelope.version)
            .expect(known),
        now,
        worker,
    }
}

/// Asks the workers of this process which of the due jobs they take at once.
async fn reserve(store: &Store, connection: &mut PgConnection, jobs: &[Timed]) -> Vec<Reserved> {
    let offers = store.offers();
    if offers.is_empty() {
        return Vec::new();
    }
    let mut due: BTreeMap<&QueueName, Vec<usize>> = BTreeMap::new();
    for (at, (job, now)) in jobs.iter().enumerate() {
        if job.run_at <= *now {
            due.entry(&job.queue).or_default().push(at);
        }
    }
    // Hand-off is a short cut: if the pauses cannot be read, the jobs take the long way.
    let Ok(paused) = store.paused(connection).await else {
        return Vec::new();
    };
    let mut reserved = Vec::new();
    for (queue, mut waiting) in due {
        if store
            .names
            .queue(queue.as_str())
            .is_none_or(|queue| paused.contains(&queue))
        {
            continue;
        }
        waiting.sort_by_key(|&at| (jobs[at].0.priority.rank(), jobs[at].0.run_at));
        let mut waiting = waiting.into_iter();
        for by in &offers {
            let taken = by.reserve(queue, waiting.len()).min(waiting.len());
            if taken > 0 {
                let jobs = waiting.by_ref().take(taken).collect();
                reserved.push(Reserved {
                    by: Arc::clone(by),
                    queue: queue.clone(),
                    jobs,
                });
            }
        }
    }
    reserved
}

/// Stores the jobs in one statement; which of them are new.
async fn store_all(
    store: &Store,
    connection: &mut PgConnection,
    jobs: &[Timed],
    workers: &HashMap<usize, WorkerId>,
) -> Result<HashSet<usize>, Fault> {
    let mut seen = HashSet::with_capacity(jobs.len());
    let places: Vec<usize> = (0..jobs.len())
        .filter(|&at| seen.insert(jobs[at].0.id))
        .collect();
    let entry = |&at: &usize| entry(store, &jobs[at].0, jobs[at].1, workers.get(&at).copied());
    let entries: Vec<Entry<'_>> = places.iter().map(entry).collect();
    // Ids are nearly always new, and not to ask saves the server a fifth of the work. When one is
    // not, nothing of the statement was stored.
    if !store.expects_duplicates() {
        let insert = match are_alike(&entries) {
            true => bind_alike(query(&store.sql.insert_alike), &entries),
            false => bind_entries(query(&store.sql.insert), &entries),
        };
        match insert.execute(&mut *connection).await {
            Ok(_) => return Ok(places.into_iter().collect()),
            Err(error) if is_duplicate(&error) => store.expect_duplicates(CAREFUL),
            Err(error) => return Err(error.into()),
        }
    }
    let new = insert(store, connection, &entries).await?;
    Ok(places
        .into_iter()
        .filter(|&at| new.contains(&jobs[at].0.id))
        .collect())
}

/// Stores the entries whose ids are new; those ids.
pub(super) async fn insert(
    store: &Store,
    connection: &mut PgConnection,
    entries: &[Entry<'_>],
) -> Result<HashSet<JobId>, Fault> {
    let insert = match are_alike(entries) {
        true => bind_alike(query(&store.sql.insert_new_alike), entries),
        false => bind_entries(query(&store.sql.insert_new), entries),
    };
    let rows = insert.fetch_all(connection).await?;
    let id = |row: &sqlx::postgres::PgRow| row.try_get::<Uuid, _>(0).map(JobId::from);
    Ok(rows.iter().map(id).collect::<Result<_, _>>()?)
}

/// After the commit: hands jobs over, wakes who waits, and answers.
fn announce(
    store: &Store,
    jobs: Vec<Timed>,
    stored: &HashSet<usize>,
    workers: &HashMap<usize, WorkerId>,
    reserved: Vec<Reserved>,
) -> Vec<Pushed> {
    let answer = |(at, (job, _)): (usize, &Timed)| {
        if stored.contains(&at) {
            Pushed::Stored
        } else {
            Pushed::Duplicate(job.id)
        }
    };
    let answers = jobs.iter().enumerate().map(answer).collect();
    let mut woken: Vec<QueueName> = Vec::new();
    for &at in stored {
        let (job, now) = &jobs[at];
        if job.run_at <= *now && !workers.contains_key(&at) {
            appeared(store, job);
            if !woken.contains(&job.queue) {
                woken.push(job.queue.clone());
            }
        }
    }
    store.wake(&woken);
    let mut jobs: Vec<Option<Timed>> = jobs.into_iter().map(Some).collect();
    for Reserved {
        by,
        queue,
        jobs: places,
    } in reserved
    {
        let wanted = places.len();
        let new = places.into_iter().filter(|at| stored.contains(at));
        let delivered: Vec<_> = new
            .filter_map(|at| jobs[at].take())
            .map(|(job, now)| Claimed::handed(job, 0, now))
            .collect();
        let missing = wanted - delivered.len();
        if missing > 0 {
            by.release(&queue, missing, false);
        }
        if !delivered.is_empty() {
            by.deliver(delivered);
        }
    }
    answers
}

/// A due job is stored: claims must not begin above it.
pub(super) fn appeared(store: &Store, job: &NewJob) {
    if let Some(queue) = store.names.queue(job.queue.as_str()) {
        let place = (
            job.priority.rank(),
            job.run_at.as_micros(),
            job.id.as_uuid(),
        );
        store.floors.appeared(queue, place);
    }
}
