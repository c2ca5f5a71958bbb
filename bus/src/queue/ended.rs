//! How a job ends for good: what is kept of it and what follows.

use std::time::Duration;

use crate::clock::{DAY, Timestamp};
use crate::codec::Envelope;
use crate::driver::{Claimed, Counted, Ending, Keep, Lease, Settlement};
use crate::id::WorkerId;
use crate::job::{Failure, JobFailed, JobOptions};
use crate::registry::{Runnable, Runnables};

/// What the record of a job says that a person cancelled while it ran.
pub(crate) const ON_REQUEST: &str = "cancelled on request";
/// A cancelled job is of interest for a while.
pub(crate) const KEEP_CANCELLED: Duration = DAY.saturating_mul(7);
/// A dead letter waits for a person.
const KEEP_DEAD: Keep = Keep::Forever;

/// Cancelled after it began.
pub(crate) fn cancelled(lease: Lease, reason: String, now: Timestamp) -> Settlement {
    Settlement::cancelled(lease, reason, Keep::for_time(Some(KEEP_CANCELLED), now))
}

/// A person asked it to end before it began: no attempt is counted.
pub(crate) fn cancelled_unbegun(lease: Lease, now: Timestamp) -> Settlement {
    let mut over = cancelled(lease, ON_REQUEST.to_owned(), now);
    over.counted = Counted::Nothing;
    over
}

/// Dead, with the job that its declaration lets follow, if it is known here.
pub(crate) fn dead(
    lease: Lease,
    envelope: &Envelope,
    failure: Failure,
    job: Option<&Runnable>,
    now: Timestamp,
) -> Settlement {
    let follow = job.and_then(|job| {
        let failed = JobFailed::new(lease.job, lease.queue.clone(), envelope, failure.clone());
        job.follow(failed, now)
    });
    Settlement::dead(lease, failure.message.clone(), KEEP_DEAD, failure)
        .with_follow(follow.into_iter().collect())
}

/// The settlement of a job whose worker is gone and that has no attempts left, or that a person
/// asked to end. The rescue has counted the attempt and written its failure. If it is to run once
/// more, it is due at `again`.
pub(crate) fn exhausted(
    job: Claimed,
    jobs: &Runnables,
    worker: WorkerId,
    now: Timestamp,
    again: Timestamp,
) -> Settlement {
    if job.cancel_requested {
        return cancelled_unbegun(job.lease, now);
    }
    if !loss_is_final(&job) {
        return Settlement::new(job.lease, Ending::Retry { at: again }, Counted::Nothing);
    }
    let failure = Failure::lost(worker, job.attempts, now);
    let known = jobs.find(&job.envelope).ok().map(|entry| entry.job);
    let mut over = dead(job.lease, &job.envelope, failure, known, now);
    over.counted = Counted::Nothing;
    over.failure = None;
    over
}

/// Whether a job that is out of attempts dies of the loss of its worker. What cannot be read may
/// be `at_most_once`.
fn loss_is_final(job: &Claimed) -> bool {
    let most = u32::from(job.max_attempts).max(JobOptions::FATAL_LOSS);
    job.is_at_most_once() || job.damage.is_some() || job.attempts >= most
}
