//! Taking jobs.

use std::collections::HashSet;
use std::time::Duration;

use super::kit::{Must, START, Subject, at, ids, job_due, job_in, job_of, jobs, queue};
use crate::driver::{ClaimRequest, QueueShare, Settlement};
use crate::driver::{Keep, MAX_BATCH};
use crate::id::{JobId, QueueName, WorkerId};
use crate::job::JobState;

pub(super) async fn a_claim_leases_the_job(subject: Subject) {
    let id = subject.stored(job_due(START)).await;
    let worker = subject.worker(START).await;
    let claimed = subject.claim(worker, 9, at(1)).await;
    let [claimed] = &claimed[..] else {
        panic!("one job is due: {claimed:?}");
    };
    assert_eq!((claimed.lease.job, claimed.lease.delivery), (id, 1));
    assert_eq!(claimed.lease.queue, QueueName::DEFAULT);
    assert_eq!((claimed.attempts, claimed.deferrals), (0, 0));
    assert_eq!(claimed.max_attempts, 3);
    assert!(!claimed.cancel_requested);
    let record = subject.record(id).await;
    assert_eq!(record.state, JobState::Running);
    assert_eq!(record.worker, Some(worker));
    assert_eq!(record.claimed_at, Some(at(1)));
    assert_eq!((record.deliveries, record.attempts), (1, 0));
    assert_eq!(subject.claim(worker, 9, at(1)).await, [], "it is taken");
}

/// Eight claimers, half of them through a driver of their own, empty one queue at once.
pub(super) async fn each_job_goes_to_one_of_many_claimers(subject: Subject) {
    const JOBS: usize = 3_000;
    subject.push(jobs(JOBS), START).await;
    let other = match subject.driver.capabilities().shared {
        true => subject.other().await,
        false => subject.clone(),
    };
    let claimers: Vec<_> = (0..8_usize)
        .map(|number| {
            let subject = [&subject, &other][number % 2].clone();
            tokio::spawn(async move { empty(&subject, 1 + number * 7).await })
        })
        .collect();
    let mut seen = HashSet::new();
    for claimer in claimers {
        for id in claimer.await.must() {
            assert!(seen.insert(id), "{id} was given to two");
        }
    }
    // What one claimer saw locked by another may be left over.
    let left = empty(&subject, MAX_BATCH).await;
    assert!(left.into_iter().all(|id| seen.insert(id)));
    assert_eq!(seen.len(), JOBS);
    assert_eq!(subject.count(JobState::Running).await, 0);
}

/// Claims and completes until nothing comes.
async fn empty(subject: &Subject, limit: usize) -> Vec<JobId> {
    let worker = subject.worker(START).await;
    let mut done = Vec::new();
    loop {
        let claimed = subject.claim(worker, limit, START).await;
        if claimed.is_empty() {
            return done;
        }
        done.extend(ids(&claimed));
        let settlements: Vec<_> = claimed
            .into_iter()
            .map(|job| Settlement::completed(job.lease, None, Keep::Drop))
            .collect();
        subject.settle(worker, &settlements, START).await;
    }
}

pub(super) async fn jobs_come_by_priority_then_due_time_then_arrival(subject: Subject) {
    let early = START - Duration::from_secs(2);
    let late = START - Duration::from_secs(1);
    let wanted = [
        job_of(100, late),
        job_of(9, early),
        job_of(9, late),
        job_of(9, late),
        job_of(0, early),
        job_of(0, late),
        job_of(-1, early),
        job_of(-100, early),
    ];
    // Stored in another order; only jobs alike in priority and time keep theirs.
    for at in [7, 4, 2, 0, 3, 6, 1, 5] {
        subject.stored(wanted[at].clone()).await;
    }
    let worker = subject.worker(START).await;
    let mut got = ids(&subject.claim(worker, 3, START).await);
    got.extend(ids(&subject.claim(worker, 9, START).await));
    assert_eq!(got, wanted.map(|job| job.id));
}

pub(super) async fn shares_are_taken_in_the_order_of_the_request(subject: Subject) {
    for name in ["low", "high", "other"] {
        subject
            .push((0..5).map(|_| job_in(name)).collect(), START)
            .await;
    }
    let worker = subject.worker(START).await;
    let share = |name, limit| QueueShare {
        queue: queue(name),
        limit,
    };
    let request = ClaimRequest {
        shares: vec![
            share("high", 2),
            share("low", 1),
            share("high", 9),
            share("low", 9),
        ],
        limit: 7,
    };
    let claims = subject.driver.claim(worker, &request, START).await.must();
    let queues: Vec<_> = claims
        .jobs
        .iter()
        .map(|job| job.lease.queue.as_str())
        .collect();
    assert_eq!(
        queues,
        ["high", "high", "low", "high", "high", "high", "low"]
    );
    let strict = ClaimRequest::strict([queue("high"), queue("low"), queue("other")], 4);
    let claims = subject.driver.claim(worker, &strict, START).await.must();
    let queues: Vec<_> = claims
        .jobs
        .iter()
        .map(|job| job.lease.queue.as_str())
        .collect();
    assert_eq!(queues, ["low", "low", "low", "other"]);
}

pub(super) async fn a_claim_takes_no_more_than_its_limits(subject: Subject) {
    subject.push(jobs(5), START).await;
    let worker = subject.worker(START).await;
    assert_eq!(subject.claim(worker, 0, START).await.len(), 0);
    assert_eq!(subject.claim(worker, 2, START).await.len(), 2);
    let request = ClaimRequest {
        shares: vec![QueueShare {
            queue: QueueName::DEFAULT,
            limit: 1,
        }],
        limit: 9,
    };
    let claims = subject.driver.claim(worker, &request, START).await.must();
    assert_eq!(claims.jobs.len(), 1);
    assert_eq!(subject.claim(worker, 9, START).await.len(), 2);
}

pub(super) async fn nothing_is_taken_from_a_paused_queue(subject: Subject) {
    let mail = queue("mail");
    let worker = subject.worker(START).await;
    let driver = &subject.driver;
    assert!(
        driver
            .pause(&mail, Some("post is on strike"), at(1))
            .await
            .must()
    );
    assert!(!driver.pause(&mail, None, at(2)).await.must());
    let held = subject.stored(job_in("mail")).await;
    let other = subject.stored(job_in("other")).await;
    let request = ClaimRequest::strict([mail.clone(), queue("other")], 9);
    let claims = driver.claim(worker, &request, at(3)).await.must();
    assert_eq!(ids(&claims.jobs), [other]);
    let info = driver.queues().await.must().remove(0);
    let pause = info.paused.must();
    assert_eq!(
        (info.name, pause.since),
        (mail.clone(), at(1)),
        "the first pause stays"
    );
    assert_eq!(pause.reason.as_deref(), Some("post is on strike"));
    assert!(driver.resume(&mail).await.must());
    assert!(!driver.resume(&mail).await.must());
    assert_eq!(
        ids(&subject.claim_from(worker, &mail, 9, at(4)).await),
        [held]
    );
}

pub(super) async fn an_unknown_queue_and_an_empty_request_give_nothing(subject: Subject) {
    subject.stored(job_due(START)).await;
    let worker = subject.worker(START).await;
    let none = subject.claim_from(worker, &queue("nobody"), 9, START).await;
    assert_eq!(none, []);
    let request = ClaimRequest::default();
    let claims = subject.driver.claim(worker, &request, START).await.must();
    assert_eq!(claims.jobs, []);
    assert!(!subject.driver.resume(&queue("nobody")).await.must());
}

pub(super) async fn jobs_that_are_not_due_stay(subject: Subject) {
    let later = subject.stored(job_due(at(60))).await;
    let worker = subject.worker(START).await;
    assert_eq!(subject.promote(at(59)).await, 0);
    let request = ClaimRequest::one(QueueName::DEFAULT, 9);
    let claims = subject.driver.claim(worker, &request, at(59)).await.must();
    assert_eq!(claims.jobs, []);
    assert!(
        claims.next_due.is_none_or(|due| due <= at(60)),
        "never too late"
    );
    subject.promote(at(60)).await;
    assert_eq!(ids(&subject.claim(worker, 9, at(60)).await), [later]);
}

/// One worker's clock is ten seconds ahead: no job is lost, none is given twice, and each settles.
pub(super) async fn workers_whose_clocks_differ_share_the_queue(subject: Subject) {
    let (ahead, behind) = (WorkerId::new(), WorkerId::new());
    let mut done = HashSet::new();
    for round in 0..20 {
        let (fast, slow) = (at(round + 10), at(round));
        subject.beat(ahead, fast).await;
        subject.beat(behind, slow).await;
        subject.push(vec![job_due(fast), job_due(slow)], fast).await;
        subject.push(vec![job_due(fast), job_due(slow)], slow).await;
        for (worker, now) in [(behind, slow), (ahead, fast), (behind, slow)] {
            subject.promote(now).await;
            for job in subject.claim(worker, 3, now).await {
                assert!(done.insert(job.id()), "{} was given twice", job.id());
                let done = Settlement::completed(job.lease, None, Keep::Drop);
                subject.applied(worker, done, now).await;
            }
        }
    }
    subject.promote(at(60)).await;
    for job in subject.claim(behind, MAX_BATCH, at(60)).await {
        assert!(done.insert(job.id()));
    }
    assert_eq!(done.len(), 80);
}
