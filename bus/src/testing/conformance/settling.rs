//! Telling outcomes: what becomes of the job, what follows, what is counted.

use bytes::Bytes;

use super::kit::{Must, START, Subject, at, ids, job, job_due, job_in, job_of};
use crate::driver::{ClaimRequest, Counted, Keep, Settled, Settlement};
use crate::id::QueueName;
use crate::job::{Failure, FailureKind, JobState};

pub(super) fn failure(attempt: u32, text: &str) -> Failure {
    Failure::new(FailureKind::Error, text, attempt, at(1))
}

pub(super) async fn a_completed_job_is_gone_unless_it_is_kept(subject: Subject) {
    let worker = subject.worker(START).await;
    let drop = subject.taken(worker, job(), START).await;
    subject
        .applied(
            worker,
            Settlement::completed(drop.lease.clone(), None, Keep::Drop),
            at(1),
        )
        .await;
    assert_eq!(subject.get(drop.id()).await, None);

    let kept = subject.taken(worker, job(), START).await;
    let output = Some(Bytes::from_static(b"\x00\xff{}"));
    let done = Settlement::completed(kept.lease.clone(), output.clone(), Keep::Until(at(60)));
    subject.applied(worker, done, at(1)).await;
    let record = subject.record(kept.id()).await;
    assert_eq!(record.state, JobState::Completed);
    assert_eq!(record.output, output);
    assert_eq!((record.deliveries, record.attempts), (1, 1));
    assert_eq!(
        (record.ended_at, record.keep_until),
        (Some(at(1)), Some(at(60)))
    );
    assert_eq!((record.worker, record.reason), (None, None));

    let forever = subject.taken(worker, job(), START).await;
    let done = Settlement::completed(forever.lease.clone(), None, Keep::Forever);
    subject.applied(worker, done, at(1)).await;
    let record = subject.record(forever.id()).await;
    assert_eq!(
        (record.state, record.keep_until),
        (JobState::Completed, None)
    );
    assert_eq!(record.output, None);
}

pub(super) async fn a_retry_waits_for_its_time_and_keeps_its_failure(subject: Subject) {
    let worker = subject.worker(START).await;
    let first = subject.taken(worker, job(), START).await;
    let mut reason = failure(1, "größe\0\nline");
    reason.place = Some("src/mail.rs:7".to_owned());
    reason.worker = Some(worker);
    reason.began = Some(START);
    let retry = Settlement::retry(first.lease.clone(), at(30), reason.clone());
    subject.applied(worker, retry, at(1)).await;
    let record = subject.record(first.id()).await;
    assert_eq!(record.state, JobState::Retryable);
    assert_eq!(record.run_at, at(30));
    assert_eq!(
        (record.deliveries, record.attempts, record.deferrals),
        (1, 1, 0)
    );
    assert_eq!(record.failures, [reason]);
    assert_eq!(record.worker, None);

    assert_eq!(subject.promote(at(29)).await, 0);
    assert_eq!(subject.claim(worker, 9, at(29)).await, []);
    subject.promote(at(30)).await;
    let again = subject.claim(worker, 9, at(30)).await;
    assert_eq!(ids(&again), [first.id()]);
    assert_eq!((again[0].lease.delivery, again[0].attempts), (2, 1));
    assert_eq!(again[0].run_at, at(30));
}

pub(super) async fn a_retry_that_is_due_is_available_at_once(subject: Subject) {
    let worker = subject.worker(START).await;
    for when in [START, at(1)] {
        let first = subject.taken(worker, job(), START).await;
        let retry = Settlement::retry(first.lease, when, failure(1, "busy"));
        subject.applied(worker, retry, at(1)).await;
        let again = subject.claim(worker, 9, at(1)).await;
        assert_eq!((again.len(), again[0].attempts), (1, 1));
        assert_eq!(again[0].run_at, when);
        let done = Settlement::completed(again[0].lease.clone(), None, Keep::Drop);
        subject.applied(worker, done, at(1)).await;
    }
}

pub(super) async fn a_deferral_costs_no_attempt(subject: Subject) {
    let worker = subject.worker(START).await;
    let first = subject.taken(worker, job(), START).await;
    let put_off = Settlement::deferred(first.lease.clone(), at(10));
    subject.applied(worker, put_off, at(1)).await;
    let record = subject.record(first.id()).await;
    assert_eq!(record.state, JobState::Scheduled);
    assert_eq!(
        (record.deliveries, record.attempts, record.deferrals),
        (1, 0, 1)
    );
    assert!(record.failures.is_empty());
    subject.promote(at(10)).await;
    let again = subject.claim(worker, 9, at(10)).await;
    assert_eq!((again[0].attempts, again[0].deferrals), (0, 1));
    let put_off = Settlement::deferred(again[0].lease.clone(), at(10));
    subject.applied(worker, put_off, at(11)).await;
    let record = subject.record(first.id()).await;
    assert_eq!((record.state, record.deferrals), (JobState::Available, 2));
}

pub(super) async fn a_released_job_keeps_its_place(subject: Subject) {
    let worker = subject.worker(START).await;
    let all = [job_of(5, START), job_of(0, START), job_of(0, START)];
    for job in &all {
        subject.stored(job.clone()).await;
    }
    let claimed = subject.claim(worker, 2, at(1)).await;
    for job in claimed {
        subject
            .applied(worker, Settlement::released(job.lease), at(2))
            .await;
    }
    let record = subject.record(all[0].id).await;
    assert_eq!((record.state, record.worker), (JobState::Available, None));
    assert_eq!(
        (record.deliveries, record.attempts, record.deferrals),
        (1, 0, 0)
    );
    assert_eq!(record.run_at, START);
    let again = subject.claim(worker, 9, at(3)).await;
    assert_eq!(ids(&again), all.map(|job| job.id));
    let deliveries: Vec<_> = again.iter().map(|job| job.lease.delivery).collect();
    assert_eq!(deliveries, [2, 2, 1]);
}

pub(super) async fn a_dead_job_keeps_reason_and_history(subject: Subject) {
    let worker = subject.worker(START).await;
    let taken = subject.taken(worker, job(), START).await;
    let reason = "out of attempts \0 größe".to_owned();
    let dead = Settlement::dead(
        taken.lease.clone(),
        reason.clone(),
        Keep::Until(at(99)),
        failure(1, "no"),
    );
    subject.applied(worker, dead, at(1)).await;
    let record = subject.record(taken.id()).await;
    assert_eq!(record.state, JobState::Dead);
    assert_eq!(record.reason, Some(reason));
    assert_eq!(record.failures, [failure(1, "no")]);
    assert_eq!(
        (record.ended_at, record.keep_until),
        (Some(at(1)), Some(at(99)))
    );
    assert_eq!(record.attempts, 1);
    subject.promote(at(50)).await;
    assert_eq!(subject.claim(worker, 9, at(50)).await, []);

    let dropped = subject.taken(worker, job(), START).await;
    let dead = Settlement::dead(
        dropped.lease.clone(),
        String::new(),
        Keep::Drop,
        failure(1, "no"),
    );
    subject.applied(worker, dead, at(1)).await;
    assert_eq!(subject.get(dropped.id()).await, None);
}

/// Unknown name, unknown version, undecodable payload: the store carries them all, and what a
/// worker cannot run it parks.
pub(super) async fn a_parked_job_counts_no_attempt_and_is_kept(subject: Subject) {
    let worker = subject.worker(START).await;
    for (version, body) in [(1, "{}"), (u16::MAX, "{}"), (0, "not json \0")] {
        let mut hostile = job();
        hostile.envelope.name = crate::id::CommandName::from_static("nobody::Knows");
        hostile.envelope.version = version;
        hostile.envelope.body = body.into();
        let taken = subject.taken(worker, hostile.clone(), START).await;
        assert_eq!(taken.envelope, hostile.envelope);
        let why = Failure::new(FailureKind::Parked, "unknown name", 0, at(1));
        let parked =
            Settlement::parked(taken.lease.clone(), "unknown name".to_owned(), why.clone());
        subject.applied(worker, parked, at(1)).await;
        let record = subject.record(taken.id()).await;
        assert_eq!((record.state, record.attempts), (JobState::Dead, 0));
        assert_eq!(record.keep_until, None);
        assert_eq!(record.failures, [why]);
        assert_eq!(record.envelope, hostile.envelope);
    }
}

pub(super) async fn a_cancelled_job_keeps_its_reason(subject: Subject) {
    let worker = subject.worker(START).await;
    let taken = subject.taken(worker, job(), START).await;
    let reason = "the order was withdrawn".to_owned();
    let end = Settlement::cancelled(taken.lease.clone(), reason.clone(), Keep::Forever);
    subject.applied(worker, end, at(1)).await;
    let record = subject.record(taken.id()).await;
    assert_eq!(
        (record.state, record.reason),
        (JobState::Cancelled, Some(reason))
    );
    assert_eq!((record.ended_at, record.keep_until), (Some(at(1)), None));
    let dropped = subject.taken(worker, job(), START).await;
    let end = Settlement::cancelled(dropped.lease.clone(), String::new(), Keep::Drop);
    subject.applied(worker, end, at(1)).await;
    assert_eq!(subject.get(dropped.id()).await, None);
}

pub(super) async fn following_jobs_are_stored_if_and_only_if_the_settlement_is_applied(
    subject: Subject,
) {
    let worker = subject.worker(START).await;
    let taken = subject.taken(worker, job(), START).await;
    let (next, later) = (job_in("next"), job_due(at(60)));
    let follow = vec![next.clone(), later.clone()];
    let mut stale = taken.lease.clone();
    stale.delivery += 1;
    let stale = Settlement::completed(stale, None, Keep::Drop).with_follow(follow.clone());
    assert_eq!(
        subject.settle(worker, &[stale], at(1)).await,
        [Settled::LeaseLost]
    );
    assert_eq!(subject.get(next.id).await, None);
    assert_eq!(subject.get(later.id).await, None);

    let done = Settlement::completed(taken.lease, None, Keep::Drop).with_follow(follow);
    subject.applied(worker, done.clone(), at(2)).await;
    let stored = subject.record(next.id).await;
    assert_eq!(
        (stored.state, stored.created_at),
        (JobState::Available, at(2))
    );
    assert_eq!(stored.envelope, next.envelope);
    assert_eq!(subject.state(later.id).await, Some(JobState::Scheduled));
    assert_eq!(
        subject.settle(worker, &[done], at(3)).await,
        [Settled::LeaseLost]
    );
    let claimed = subject.claim_from(worker, &next.queue, 9, at(3)).await;
    assert_eq!(ids(&claimed), [next.id]);
    // One that is already there, as after a repeated step, is no error.
    let again = Settlement::completed(claimed[0].lease.clone(), None, Keep::Drop);
    subject
        .applied(worker, again.with_follow(vec![later.clone()]), at(4))
        .await;
    assert_eq!(subject.record(later.id).await.created_at, at(2));
}

pub(super) async fn settle_and_claim_settles_first(subject: Subject) {
    let worker = subject.worker(START).await;
    let taken = subject.taken(worker, job(), START).await;
    let next = job();
    let settlements =
        [Settlement::completed(taken.lease, None, Keep::Drop).with_follow(vec![next.clone()])];
    let request = ClaimRequest::one(QueueName::DEFAULT, 9);
    let driver = &subject.driver;
    let both = driver.settle_and_claim(worker, &settlements, &request, at(1));
    let (settled, claims) = both.await.must();
    assert_eq!(settled, [Settled::Applied]);
    let claims = claims.must();
    assert_eq!(
        ids(&claims.jobs),
        [next.id],
        "what the settlement stored may be claimed"
    );
    let released = [
        Settlement::released(claims.jobs[0].lease.clone()),
        settlements[0].clone(),
    ];
    let both = driver.settle_and_claim(worker, &released, &request, at(2));
    let (settled, claims) = both.await.must();
    assert_eq!(settled, [Settled::Applied, Settled::LeaseLost]);
    assert_eq!(claims.must().jobs[0].lease.delivery, 2);
    let nothing = ClaimRequest::default();
    let (settled, claims) = driver
        .settle_and_claim(worker, &[], &nothing, at(3))
        .await
        .must();
    assert_eq!((settled.len(), claims.must().jobs.len()), (0, 0));
}

pub(super) async fn a_history_keeps_the_newest_failures(subject: Subject) {
    let worker = subject.worker(START).await;
    let id = subject.stored(job()).await;
    let total = Failure::KEPT + 7;
    for number in 1..=total {
        let taken = subject.claim(worker, 1, at(1)).await.remove(0);
        let reason = failure(u32::try_from(number).must(), &"x".repeat(number));
        subject
            .applied(worker, Settlement::retry(taken.lease, at(1), reason), at(1))
            .await;
    }
    let record = subject.record(id).await;
    assert!(record.failures.len() >= Failure::KEPT);
    let attempts: Vec<_> = record
        .failures
        .iter()
        .map(|failure| failure.attempt as usize)
        .collect();
    let oldest = total + 1 - attempts.len();
    assert!(
        attempts.into_iter().eq(oldest..=total),
        "the newest, oldest first"
    );
}

/// Each way a delivery can end moves its own counter, and the worker is told at each claim.
pub(super) async fn a_life_of_failures_counts_each_counter(subject: Subject) {
    let worker = subject.worker(START).await;
    let id = subject.stored(job()).await;
    let take = |now| {
        let subject = subject.clone();
        async move { subject.claim(worker, 1, now).await.remove(0) }
    };
    let one = take(at(1)).await;
    subject
        .applied(worker, Settlement::released(one.lease), at(1))
        .await;
    let two = take(at(2)).await;
    subject
        .applied(worker, Settlement::deferred(two.lease, at(2)), at(2))
        .await;
    let three = take(at(3)).await;
    subject
        .applied(
            worker,
            Settlement::retry(three.lease, at(3), failure(1, "a")),
            at(3),
        )
        .await;
    let four = take(at(4)).await;
    assert_eq!(
        (four.lease.delivery, four.attempts, four.deferrals),
        (4, 1, 1)
    );
    let mut uncounted = Settlement::retry(four.lease, at(4), failure(1, "b"));
    uncounted.counted = Counted::Nothing;
    subject.applied(worker, uncounted, at(4)).await;
    let five = take(at(5)).await;
    assert_eq!(
        (five.lease.delivery, five.attempts, five.deferrals),
        (5, 1, 1)
    );
    let dead = Settlement::dead(five.lease, "c".to_owned(), Keep::Forever, failure(2, "c"));
    subject.applied(worker, dead, at(5)).await;
    let record = subject.record(id).await;
    assert_eq!(
        (record.deliveries, record.attempts, record.deferrals),
        (5, 2, 1)
    );
    let texts: Vec<_> = record
        .failures
        .iter()
        .map(|failure| failure.message.as_str())
        .collect();
    assert_eq!(texts, ["a", "b", "c"]);
}
