//! What an execution's end means for the stored job: the one place that decides it.

use std::time::Duration;

use super::execute::Task;
use crate::clock::Timestamp;
use crate::driver::{Claimed, Counted, Keep, Lease, Settlement};
use crate::id::WorkerId;
use crate::job::{Failure, FailureKind, Fate, JobFailed};
use crate::registry::{Broken, Ran, Runnable, Runnables};

/// How long ended jobs are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept;

impl Kept {
    /// A dead letter waits for a person.
    pub(crate) const DEAD: Keep = Keep::Forever;

    /// A cancelled job is of interest for a while.
    pub(crate) fn cancelled(now: Timestamp) -> Keep {
        Keep::Until(now + Duration::from_secs(7 * 24 * 60 * 60))
    }
}

/// What a person's request says in the record of a running job.
const ON_REQUEST: &str = "cancelled on request";

/// The settlement of an execution that ended at `now`. `asked`: its context was cancelled since a
/// person asked for that, not since the worker stops.
pub(super) fn settlement(
    task: Task,
    ran: Ran,
    worker: WorkerId,
    asked: bool,
    now: Timestamp,
) -> Settlement {
    match ran {
        Ran::Completed(output) => {
            let keep = Keep::for_time(task.retain(), now);
            Settlement::completed(task.lease, output, keep)
        }
        Ran::Failed(broken) => failed(task, broken, worker, now),
        Ran::Deferred { after, reason } => {
            tracing::debug!(job = %task.lease.job, ?after, reason, "a job is put off");
            Settlement::deferred(task.lease, now + after)
        }
        Ran::Cancelled { reason } => Settlement::cancelled(task.lease, reason, Kept::cancelled(now)),
        Ran::Parked { reason } => parked(task.lease, reason, worker, now),
        Ran::Stopped if asked => {
            Settlement::cancelled(task.lease, ON_REQUEST.to_owned(), Kept::cancelled(now))
        }
        Ran::Stopped => Settlement::released(task.lease),
    }
}

/// A person asked it to end before it began: no attempt is counted.
pub(super) fn on_request(lease: Lease, now: Timestamp) -> Settlement {
    let keep = Kept::cancelled(now);
    let mut over = Settlement::cancelled(lease, ON_REQUEST.to_owned(), keep);
    over.counted = Counted::Nothing;
    over
}

/// Nobody here can run it: kept for a person, no attempt is counted.
pub(super) fn parked(lease: Lease, reason: String, worker: WorkerId, now: Timestamp) -> Settlement {
    tracing::warn!(job = %lease.job, reason, "a job is parked");
    let mut failure = Failure::new(FailureKind::Parked, reason.clone(), 0, now);
    failure.worker = Some(worker);
    Settlement::parked(lease, reason, failure)
}

fn failed(task: Task, broken: Broken, worker: WorkerId, now: Timestamp) -> Settlement {
    let attempt = task.attempts + 1;
    let mut failure = Failure::new(broken.kind, broken.message, attempt, now);
    failure.place = broken.place;
    failure.worker = Some(worker);
    failure.began = task.began;
    let pause = match broken.fate {
        Fate::RetryAfter(pause) => Some(pause),
        Fate::Fail => None,
        _ => {
            let (_, seed) = task.lease.job.as_uuid().as_u64_pair();
            Some(task.job.options().backoff.delay(attempt, seed))
        }
    };
    let left = attempt < u32::from(task.max_attempts);
    let again = pause.filter(|_| left).map(|pause| now + pause);
    match again.filter(|&at| task.retry_until.is_none_or(|until| at <= until)) {
        Some(at) => {
            tracing::debug!(job = %task.lease.job, %at, %failure, "a job will be tried again");
            Settlement::retry(task.lease, at, failure)
        }
        None => {
            let Task {
                lease,
                envelope,
                job,
                ..
            } = task;
            tracing::warn!(job = %lease.job, name = %envelope.name, %failure, "a job is dead");
            let failed = JobFailed::new(lease.job, lease.queue.clone(), &envelope, failure.clone());
            dead(lease, failure, Some((job, failed)), now)
        }
    }
}

fn dead(
    lease: Lease,
    failure: Failure,
    known: Option<(&Runnable, JobFailed)>,
    now: Timestamp,
) -> Settlement {
    let follow = known.and_then(|(job, failed)| job.follow(failed, now));
    Settlement::dead(lease, failure.message.clone(), Kept::DEAD, failure)
        .with_follow(follow.into_iter().collect())
}

/// The settlement of a job whose worker is gone and that is not to run again: it has no attempts
/// left, or a person asked it to end. The rescue has counted the attempt.
pub(crate) fn exhausted(job: Claimed, jobs: &Runnables, worker: WorkerId, now: Timestamp) -> Settlement {
    if job.cancel_requested {
        return on_request(job.lease, now);
    }
    let failure = Failure::lost(worker, job.attempts, now);
    let failed = JobFailed::new(
        job.lease.job,
        job.lease.queue.clone(),
        &job.envelope,
        failure.clone(),
    );
    let known = jobs.find(&job.envelope).ok();
    let known = known.map(|entry| (entry.job, failed));
    let mut settlement = dead(job.lease, failure, known, now);
    settlement.counted = Counted::Nothing;
    // The rescue has written the loss into the history.
    settlement.failure = None;
    settlement
}
