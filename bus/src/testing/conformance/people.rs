//! What people do to jobs.

use super::kit::{Must, START, Subject, at, ids, job, job_due, jobs, queue};
use super::looking::{one_of_each, these};
use crate::driver::{
    CancelCount, ClaimRequest, JobFilter, Keep, MAX_BATCH, Selection, Settled, Settlement,
};
use crate::id::QueueName;
use crate::job::{Failure, FailureKind, JobState, NewJob};

pub(super) async fn a_person_retries_whatever_does_not_run(subject: Subject) {
    let worker = subject.worker(START).await;
    let each = one_of_each(&subject, worker).await;
    let before = subject.record(each[6]).await;
    let retried = subject.driver.retry(&these(&each), 99, at(10)).await.must();
    assert_eq!(retried, 5, "not the available and the running one");
    for (state, id) in JobState::ALL.into_iter().zip(each) {
        let record = subject.record(id).await;
        match state {
            JobState::Running => assert_eq!(record.state, JobState::Running),
            JobState::Available => assert_eq!(record.run_at, START, "left as it was"),
            _ => {
                assert_eq!((record.state, record.run_at), (JobState::Available, at(10)));
                assert_eq!((record.attempts, record.reason), (0, None));
                assert_eq!((record.output, record.ended_at), (None, None));
                assert_eq!((record.keep_until, record.worker), (None, None));
            }
        }
    }
    let after = subject.record(each[6]).await;
    assert_eq!(after.failures, before.failures, "the history stays");
    assert_eq!(after.deliveries, 1);
    let again = subject.claim_from(worker, &queue("dead"), 1, at(10)).await;
    assert_eq!((again[0].lease.delivery, again[0].attempts), (2, 0));
    assert_eq!(
        subject.driver.prune(99, at(999)).await.must(),
        0,
        "kept no longer by the old time"
    );
}

pub(super) async fn a_person_cancels_what_waits(subject: Subject) {
    let worker = subject.worker(START).await;
    let each = one_of_each(&subject, worker).await;
    let driver = &subject.driver;
    let keep = Keep::Until(at(100));
    let count = driver
        .cancel(&these(&each), "größe \0", keep, 99, at(10))
        .await
        .must();
    assert_eq!((count.cancelled, count.requested), (3, 1));
    for number in [0, 1, 3] {
        let record = subject.record(each[number]).await;
        assert_eq!(record.state, JobState::Cancelled);
        assert_eq!(record.reason.as_deref(), Some("größe \0"));
        assert_eq!(
            (record.ended_at, record.keep_until),
            (Some(at(10)), Some(at(100)))
        );
    }
    assert_eq!(
        subject.record(each[5]).await.reason.as_deref(),
        Some("no"),
        "ended before"
    );
    let again = driver
        .cancel(&these(&each), "again", keep, 99, at(11))
        .await
        .must();
    assert_eq!(again, CancelCount::default());
    subject.promote(at(700)).await;
    assert_eq!(subject.claim(worker, 9, at(700)).await, []);
    assert_eq!(driver.prune(99, at(100)).await.must(), 3);

    let brief = subject.stored(job()).await;
    driver
        .cancel(&these(&[brief]), "", Keep::Drop, 9, at(20))
        .await
        .must();
    driver.prune(99, at(20)).await.must();
    assert_eq!(
        subject.get(brief).await,
        None,
        "to drop is to keep until now"
    );
}

/// A running job is asked to end: its worker hears of it until it has settled.
pub(super) async fn a_person_cancels_what_runs(subject: Subject) {
    let (worker, other) = (subject.worker(START).await, subject.worker(START).await);
    let taken = subject.taken(worker, job(), START).await;
    let free = subject.taken(worker, job(), START).await;
    let one = these(&[taken.id()]);
    let count = subject
        .driver
        .cancel(&one, "stop", Keep::Forever, 9, at(1))
        .await
        .must();
    assert_eq!((count.cancelled, count.requested), (0, 1));
    let record = subject.record(taken.id()).await;
    assert_eq!(
        (record.state, record.cancel_requested),
        (JobState::Running, true)
    );
    for now in [at(2), at(3)] {
        assert_eq!(subject.beat(worker, now).await.cancelled, [taken.id()]);
    }
    assert_eq!(subject.beat(other, at(3)).await.cancelled, []);
    let request = ClaimRequest::one(QueueName::DEFAULT, 9);
    let claims = subject.driver.claim(worker, &request, at(4)).await.must();
    assert!(claims.cancelled.is_empty() || claims.cancelled == [taken.id()]);
    // A release leaves the request in force: who takes the job next is told.
    subject
        .applied(worker, Settlement::released(taken.lease.clone()), at(5))
        .await;
    assert_eq!(subject.beat(worker, at(5)).await.cancelled, []);
    let again = subject.claim(other, 1, at(6)).await.remove(0);
    assert!(again.cancel_requested);
    let end = Settlement::cancelled(again.lease, "stop".to_owned(), Keep::Forever);
    subject.applied(other, end, at(7)).await;
    assert_eq!(subject.beat(other, at(8)).await.cancelled, []);
    assert_eq!(subject.state(taken.id()).await, Some(JobState::Cancelled));
    subject
        .applied(worker, Settlement::released(free.lease), at(8))
        .await;
    let retried = subject.driver.retry(&one, 9, at(9)).await.must();
    assert_eq!(retried, 1);
    assert!(!subject.record(taken.id()).await.cancel_requested);
}

/// The handler was quicker than the request to end.
pub(super) async fn a_job_may_complete_though_it_was_to_end(subject: Subject) {
    let worker = subject.worker(START).await;
    let taken = subject.taken(worker, job(), START).await;
    let one = these(&[taken.id()]);
    subject
        .driver
        .cancel(&one, "stop", Keep::Forever, 9, at(1))
        .await
        .must();
    let done = Settlement::completed(taken.lease.clone(), None, Keep::Forever);
    subject.applied(worker, done, at(2)).await;
    assert_eq!(subject.state(taken.id()).await, Some(JobState::Completed));
    assert_eq!(subject.beat(worker, at(3)).await.cancelled, []);
}

pub(super) async fn a_person_deletes_whatever_does_not_run(subject: Subject) {
    let worker = subject.worker(START).await;
    let each = one_of_each(&subject, worker).await;
    let deleted = subject
        .driver
        .delete(&these(&each), 99, at(10))
        .await
        .must();
    assert_eq!(deleted, 6);
    for (state, id) in JobState::ALL.into_iter().zip(each) {
        assert_eq!(
            subject.get(id).await.is_some(),
            state == JobState::Running,
            "{state}"
        );
    }
    subject.promote(at(700)).await;
    assert_eq!(subject.claim(worker, 9, at(700)).await, []);
    assert_eq!(subject.driver.prune(99, at(999)).await.must(), 0);
    let counts = subject.driver.counts(None).await.must();
    assert_eq!(
        counts
            .iter()
            .map(|counts| counts.by_state.iter().sum::<u64>())
            .sum::<u64>(),
        1
    );
}

/// The limit bounds what is changed, not what is looked at: calling again always ends.
pub(super) async fn a_selection_is_worked_through_call_by_call(subject: Subject) {
    let worker = subject.worker(START).await;
    subject.push(jobs(50), START).await;
    let ended: Vec<_> = subject.claim(worker, 50, START).await;
    let end = |job: &crate::driver::Claimed| {
        Settlement::completed(job.lease.clone(), None, Keep::Forever)
    };
    let settled = subject
        .settle(worker, &ended.iter().map(end).collect::<Vec<_>>(), START)
        .await;
    assert!(settled.iter().all(|settled| *settled == Settled::Applied));
    subject.push(jobs(2_500), START).await;
    let driver = &subject.driver;
    let all = Selection::Fitting(JobFilter::default());
    let mut calls = Vec::new();
    loop {
        let count = driver
            .cancel(&all, "", Keep::Forever, MAX_BATCH, at(1))
            .await
            .must();
        calls.push(count.cancelled);
        if count.cancelled == 0 {
            break;
        }
        assert!(calls.len() < 99, "it never ends: {calls:?}");
    }
    assert!(
        calls.iter().all(|&count| count <= MAX_BATCH as u64),
        "{calls:?}"
    );
    assert_eq!(calls.iter().sum::<u64>(), 2_500);
    assert_eq!(subject.count(JobState::Cancelled).await, 2_500);
    let cancelled = Selection::Fitting(JobFilter::state(JobState::Cancelled));
    assert_eq!(driver.retry(&cancelled, 3, at(2)).await.must(), 3);
    assert_eq!(driver.delete(&cancelled, 7, at(2)).await.must(), 7);
    assert_eq!(driver.delete(&cancelled, 0, at(2)).await.must(), 0);
    assert_eq!(subject.count(JobState::Cancelled).await, 2_490);
    assert_eq!(subject.count(JobState::Completed).await, 50);
}

pub(super) async fn a_retried_job_takes_its_place_by_its_new_time(subject: Subject) {
    let worker = subject.worker(START).await;
    let old = subject.taken(worker, job(), START).await;
    let why = Failure::new(FailureKind::Error, "no", 1, START);
    let dead = Settlement::dead(old.lease.clone(), "no".to_owned(), Keep::Forever, why);
    subject.applied(worker, dead, START).await;
    let waiting: Vec<NewJob> = vec![job_due(at(1)), job_due(at(5))];
    let wanted = [waiting[0].id, old.id(), waiting[1].id];
    subject.push(waiting, at(5)).await;
    subject
        .driver
        .retry(&these(&[old.id()]), 1, at(3))
        .await
        .must();
    assert_eq!(ids(&subject.claim(worker, 9, at(5)).await), wanted);
}
