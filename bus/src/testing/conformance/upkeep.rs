//! Due times, the end of keeping, opening and closing.

use std::collections::HashSet;
use std::time::Duration;

use super::kit::{Must, START, Subject, at, ids, job, job_due, job_in, job_of, jobs, queue};
use crate::driver::{ErrorKind, JobFilter, Keep, MAX_BATCH, Page, Settled, Settlement};
use crate::id::QueueName;
use crate::job::{Failure, FailureKind, JobRecord, JobState, NewJob};

/// More are due at once than one call may move.
pub(super) async fn twelve_thousand_due_at_once_are_promoted_in_order(subject: Subject) {
    const JOBS: usize = 12_000;
    let due = |number: usize| START + Duration::from_millis(60_000 - 5 * number as u64);
    let all: Vec<NewJob> = (0..JOBS).map(|number| job_due(due(number))).collect();
    let wanted: Vec<_> = all.iter().rev().map(|job| job.id).take(MAX_BATCH).collect();
    subject.push(all, START).await;
    assert_eq!(subject.count(JobState::Scheduled).await, JOBS as u64);
    let first = subject.driver.promote(10, at(60)).await.must();
    assert_eq!(first.count, 10);
    let available = JobFilter::state(JobState::Available);
    let page = subject
        .driver
        .list(&available, Page::default())
        .await
        .must();
    let earliest = page.jobs.into_iter().map(|job| job.id);
    assert!(
        earliest.eq(wanted[..10].iter().copied()),
        "the earliest are first"
    );
    assert_eq!(subject.promote(at(60)).await, JOBS - 10);
    assert_eq!(subject.count(JobState::Available).await, JOBS as u64);
    let worker = subject.worker(at(60)).await;
    let claimed = subject.claim(worker, MAX_BATCH, at(60)).await;
    assert_eq!(ids(&claimed), wanted, "in the order of their due times");
}

pub(super) async fn a_promotion_tells_when_to_come_again(subject: Subject) {
    for seconds in [30, 10, 20] {
        subject.stored(job_due(at(seconds))).await;
    }
    let promoted = subject.driver.promote(9, at(10)).await.must();
    assert_eq!(promoted.count, 1);
    assert!(
        promoted.next_due.is_none_or(|due| due <= at(20)),
        "never too late"
    );
    assert_eq!(subject.driver.promote(0, at(99)).await.must().count, 0);
    assert_eq!(subject.driver.promote(1, at(99)).await.must().count, 1);
    assert_eq!(subject.driver.promote(9, at(99)).await.must().count, 1);
    assert_eq!(subject.driver.promote(9, at(99)).await.must().count, 0);
}

pub(super) async fn paused_queues_are_promoted_too(subject: Subject) {
    let mail = queue("mail");
    subject.driver.pause(&mail, None, START).await.must();
    let waiting = NewJob {
        run_at: at(10),
        ..job_in("mail")
    };
    let id = subject.stored(waiting).await;
    assert_eq!(subject.promote(at(10)).await, 1);
    assert_eq!(subject.state(id).await, Some(JobState::Available));
}

pub(super) async fn several_promoters_promote_each_job_once(subject: Subject) {
    const JOBS: usize = 2_500;
    subject
        .push((0..JOBS).map(|_| job_due(at(5))).collect(), START)
        .await;
    let promoters: Vec<_> = (0..4)
        .map(|_| {
            let subject = subject.clone();
            tokio::spawn(async move {
                let mut total = 0;
                loop {
                    let promoted = subject.driver.promote(100, at(5)).await.must();
                    total += promoted.count;
                    if promoted.count == 0 {
                        return total;
                    }
                }
            })
        })
        .collect();
    let mut total = 0;
    for promoter in promoters {
        total += promoter.await.must();
    }
    total += subject.promote(at(5)).await;
    assert_eq!(total, JOBS);
    assert_eq!(subject.count(JobState::Available).await, JOBS as u64);
}

/// A due job with a higher priority overtakes those that waited before it.
pub(super) async fn a_promoted_job_comes_by_its_priority(subject: Subject) {
    let low = subject.stored(job_of(0, START)).await;
    let high = subject.stored(job_of(5, at(10))).await;
    subject.promote(at(10)).await;
    let worker = subject.worker(at(10)).await;
    assert_eq!(ids(&subject.claim(worker, 9, at(10)).await), [high, low]);
}

pub(super) async fn ended_jobs_are_pruned_after_their_time(subject: Subject) {
    let worker = subject.worker(START).await;
    let ends = [Keep::Until(at(10)), Keep::Until(at(20)), Keep::Forever];
    let mut kept = Vec::new();
    for keep in ends {
        for kind in 0..3 {
            let taken = subject.taken(worker, job(), START).await;
            kept.push((taken.id(), keep));
            let lease = taken.lease;
            let why = Failure::new(FailureKind::Error, "no", 1, START);
            let end = match kind {
                0 => Settlement::completed(lease, None, keep),
                1 => Settlement::cancelled(lease, "no".to_owned(), keep),
                _ => Settlement::dead(lease, "no".to_owned(), keep, why),
            };
            subject.applied(worker, end, START).await;
        }
    }
    let waiting = subject.stored(job()).await;
    let driver = &subject.driver;
    assert_eq!(driver.prune(9, at(9)).await.must(), 0);
    assert_eq!(driver.prune(2, at(10)).await.must(), 2);
    assert_eq!(driver.prune(9, at(10)).await.must(), 1);
    assert_eq!(driver.prune(9, at(10)).await.must(), 0);
    assert_eq!(driver.prune(9, at(99)).await.must(), 3);
    for (id, keep) in kept {
        assert_eq!(subject.get(id).await.is_some(), keep == Keep::Forever);
    }
    assert_eq!(subject.state(waiting).await, Some(JobState::Available));
}

pub(super) async fn a_migration_is_done_once(subject: Subject) {
    let before = subject.stored(job()).await;
    let again = subject.driver.migrate().await.must();
    assert_eq!(again.from, again.to);
    let opened: Vec<_> = (0..4)
        .map(|_| {
            let subject = subject.clone();
            tokio::spawn(async move { subject.other().await })
        })
        .collect();
    for other in opened {
        let other = other.await.must();
        assert_eq!(other.state(before).await, Some(JobState::Available));
        other.driver.close().await.must();
    }
    subject.driver.ping().await.must();
}

pub(super) async fn a_closed_driver_refuses_and_its_wakes_end(subject: Subject) {
    let mut wakes = subject.driver.wake();
    subject.driver.close().await.must();
    subject.driver.close().await.must();
    let refused = subject
        .driver
        .push(jobs(1), START)
        .await
        .expect_err("refused");
    assert_eq!(refused.kind(), ErrorKind::Permanent);
    assert!(subject.driver.ping().await.is_err());
    while wakes.next().await.is_some() {}
}

/// Each state but running: the same record before and after.
pub(super) async fn what_waits_and_what_ended_survives_a_restart(subject: Subject) {
    let worker = subject.worker(START).await;
    let mut full = job();
    full.extras_mut().tags = vec!["größe\0".to_owned()];
    let mut kept = vec![
        subject.stored(full).await,
        subject.stored(job_due(at(60))).await,
        subject.stored(job_of(-7, START)).await,
    ];
    let why = Failure::new(FailureKind::Error, "busy", 1, START);
    for kind in 0..5 {
        let taken = subject.taken(worker, job_of(100, START), START).await;
        kept.push(taken.id());
        let lease = taken.lease;
        let settlement = match kind {
            0 => Settlement::retry(lease, at(30), why.clone()),
            1 => Settlement::deferred(lease, at(40)),
            2 => Settlement::completed(lease, Some("7".into()), Keep::Until(at(90))),
            3 => Settlement::cancelled(lease, "no".to_owned(), Keep::Forever),
            _ => Settlement::dead(lease, "no".to_owned(), Keep::Forever, why.clone()),
        };
        subject.applied(worker, settlement, START).await;
    }
    let gone = subject.taken(worker, job_of(100, START), START).await;
    let done = Settlement::completed(gone.lease.clone(), None, Keep::Drop);
    subject.applied(worker, done, START).await;
    subject
        .driver
        .pause(&queue("mail"), Some("strike"), START)
        .await
        .must();
    let before = records(&subject, &kept).await;
    let queues = subject.driver.queues().await.must();

    let subject = subject.reopened().await;
    assert_eq!(records(&subject, &kept).await, before);
    assert_eq!(subject.driver.queues().await.must(), queues);
    assert_eq!(subject.get(gone.id()).await, None);
    let again = subject.push(vec![job_due(at(60))], START).await;
    assert_eq!(again.len(), 1);
    let worker = subject.worker(at(60)).await;
    assert_eq!(subject.promote(at(60)).await, 4);
    assert_eq!(subject.claim(worker, 99, at(60)).await.len(), 6);
}

async fn records(subject: &Subject, ids: &[crate::id::JobId]) -> Vec<JobRecord> {
    let mut records = Vec::new();
    for &id in ids {
        records.push(subject.record(id).await);
    }
    records
}

/// The driver ends while a worker has jobs: they come back, whatever the store knew of the claim,
/// and the old lease is worth nothing.
pub(super) async fn running_jobs_come_back_after_a_restart(subject: Subject) {
    let dead = subject.worker(START).await;
    subject.push(jobs(5), START).await;
    let taken = subject.claim(dead, 5, START).await;
    let subject = subject.reopened().await;
    let worker = subject.worker(at(60)).await;
    let rescue = crate::driver::Rescue {
        by: worker,
        retry_at: at(60),
        limit: MAX_BATCH,
    };
    subject.driver.rescue(&rescue, at(60)).await.must();
    subject.promote(at(60)).await;
    let again = subject.claim(worker, 9, at(60)).await;
    let wanted: HashSet<_> = ids(&taken).into_iter().collect();
    assert_eq!(ids(&again).into_iter().collect::<HashSet<_>>(), wanted);
    let late: Vec<_> = taken
        .into_iter()
        .map(|job| Settlement::completed(job.lease, None, Keep::Drop))
        .collect();
    assert_eq!(
        subject.settle(dead, &late, at(61)).await,
        [Settled::LeaseLost; 5]
    );
    let counts = subject
        .driver
        .counts(Some(&QueueName::DEFAULT))
        .await
        .must();
    assert_eq!(counts[0].get(JobState::Running), 5);
}
