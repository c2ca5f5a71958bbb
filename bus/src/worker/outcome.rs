//! What an execution's end means for the stored job: the one place that decides it.

use super::execute::{Surroundings, Task};
use crate::clock::Timestamp;
use crate::driver::{Keep, Lease, Settlement};
use crate::id::WorkerId;
use crate::job::{Failure, FailureKind, Fate};
use crate::queue::{Execution, ON_REQUEST, cancelled, dead};
use crate::registry::{Broken, Ran};

/// The settlement of an execution that is over.
pub(super) fn settlement(task: &Task, ran: Ran, around: &Surroundings) -> Settlement {
    let lease = task.lease().clone();
    // Most outcomes need no time, and asking for it costs more than all the rest of this.
    let now = || around.store.now();
    match ran {
        Ran::Completed(output) => {
            let keep = match task.retain() {
                None => Keep::Drop,
                some => Keep::for_time(some, now()),
            };
            Settlement::completed(lease, output, keep)
        }
        Ran::Failed(broken) => failed(task, broken, around.worker, now()),
        Ran::Deferred { after, reason } => {
            tracing::debug!(job = %lease.job, ?after, reason, "a job is put off");
            Settlement::deferred(lease, now() + after)
        }
        Ran::Cancelled { reason } => cancelled(lease, reason, now()),
        Ran::Parked { reason } => parked(lease, reason, around.worker, now()),
        Ran::Stopped => cancelled(lease, ON_REQUEST.to_owned(), now()),
    }
}

/// Nobody here can run it: kept for a person, no attempt is counted.
pub(super) fn parked(lease: Lease, reason: String, worker: WorkerId, now: Timestamp) -> Settlement {
    tracing::warn!(job = %lease.job, reason, "a job is parked");
    let mut failure = Failure::new(FailureKind::Parked, reason.clone(), 0, now);
    failure.worker = Some(worker);
    Settlement::parked(lease, reason, failure)
}

/// Of an execution that the worker ends as it stops: it is begun anew elsewhere, unless it must not
/// run twice.
pub(super) fn cut_off(execution: &Execution, around: &Surroundings) -> Settlement {
    let claimed = execution.claimed();
    let lease = claimed.lease.clone();
    if !claimed.is_at_most_once() {
        return Settlement::released(lease);
    }
    let (now, envelope) = (around.store.now(), &claimed.envelope);
    let message = "the worker was stopped before it was done";
    let mut failure = Failure::new(FailureKind::Lost, message, claimed.attempts + 1, now);
    failure.worker = Some(around.worker);
    let known = around.jobs.find(envelope).ok().map(|entry| entry.job);
    dead(lease, envelope, failure, known, now)
}

#[cold]
fn failed(task: &Task, broken: Broken, worker: WorkerId, now: Timestamp) -> Settlement {
    let (claimed, job) = (task.execution.claimed(), task.job);
    let lease = claimed.lease.clone();
    let attempt = claimed.attempts + 1;
    let mut failure = Failure::new(broken.kind, broken.message, attempt, now);
    failure.place = broken.place;
    failure.worker = Some(worker);
    failure.began = task.began;
    let pause = match broken.fate {
        Fate::RetryAfter(pause) => Some(pause),
        Fate::Fail => None,
        _ => {
            let (_, seed) = lease.job.as_uuid().as_u64_pair();
            Some(job.options().backoff.delay(attempt, seed))
        }
    };
    let left = attempt < u32::from(claimed.max_attempts);
    let until = claimed
        .extras
        .as_ref()
        .and_then(|extras| extras.retry_until);
    let again = pause.filter(|_| left).map(|pause| now + pause);
    match again.filter(|&at| until.is_none_or(|until| at <= until)) {
        Some(at) => {
            tracing::debug!(job = %lease.job, %at, %failure, "a job will be tried again");
            Settlement::retry(lease, at, failure)
        }
        None => {
            let envelope = &claimed.envelope;
            tracing::warn!(job = %lease.job, name = %envelope.name, %failure, "a job is dead");
            dead(lease, envelope, failure, Some(job), now)
        }
    }
}
