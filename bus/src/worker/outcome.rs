//! What an execution's end means for the stored job: the one place that decides it.

use super::execute::Task;
use crate::clock::Timestamp;
use crate::driver::{Keep, Lease, Settlement};
use crate::id::WorkerId;
use crate::job::{Failure, FailureKind, Fate, JobFailed};
use crate::queue::{ON_REQUEST, cancelled, dead};
use crate::registry::{Broken, Ran};

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
        Ran::Cancelled { reason } => cancelled(task.lease, reason, now),
        Ran::Parked { reason } => parked(task.lease, reason, worker, now),
        Ran::Stopped if asked => cancelled(task.lease, ON_REQUEST.to_owned(), now),
        Ran::Stopped => Settlement::released(task.lease),
    }
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
