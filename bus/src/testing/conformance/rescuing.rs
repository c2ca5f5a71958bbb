//! Workers that live, leave and die.

use std::collections::BTreeSet;

use super::kit::{LEASE, Must, START, Subject, at, ids, job, job_in, jobs, queue};
use crate::clock::Timestamp;
use crate::driver::{
    Counted, Ending, Keep, MAX_BATCH, Rescue, Rescued, Selection, Settled, Settlement,
};
use crate::id::{QueueName, WorkerId};
use crate::job::{Failure, FailureKind, JobState, NewJob};

async fn rescue(
    subject: &Subject,
    by: WorkerId,
    retry_at: Timestamp,
    limit: usize,
    now: Timestamp,
) -> Rescued {
    let rescue = Rescue {
        by,
        retry_at,
        limit,
    };
    subject.driver.rescue(&rescue, now).await.must()
}

/// When the lease of a worker that lived at the start is over.
fn over() -> Timestamp {
    START + LEASE
}

fn last_attempt() -> NewJob {
    NewJob {
        max_attempts: 1,
        ..job()
    }
}

pub(super) async fn a_heartbeat_registers_and_prolongs(subject: Subject) {
    let worker = WorkerId::new();
    assert!(subject.beat(worker, START).await.registered);
    let again = subject.beat(worker, at(10)).await;
    assert!(!again.registered && again.cancelled.is_empty());
    let known = subject.driver.workers().await.must();
    let [info] = &known[..] else {
        panic!("one worker is known: {known:?}");
    };
    assert_eq!((info.id, info.pid, info.slots), (worker, 7, 8));
    assert_eq!(info.host, "größe.example");
    assert_eq!(info.queues, [QueueName::DEFAULT]);
    assert_eq!((info.started_at, info.lease), (START, LEASE));
    assert_eq!(info.expires_at, at(10) + LEASE);
}

pub(super) async fn a_living_workers_jobs_are_its_own(subject: Subject) {
    let (worker, other) = (subject.worker(START).await, subject.worker(START).await);
    let taken = subject.taken(worker, job(), START).await;
    let just_before = Timestamp::from_millis(over().as_millis() - 1);
    let rescued = rescue(&subject, other, at(60), 9, just_before).await;
    assert_eq!(rescued, Rescued::default());
    subject.beat(worker, just_before).await;
    subject.beat(other, just_before).await;
    let rescued = rescue(&subject, other, at(60), 9, over()).await;
    assert_eq!(rescued, Rescued::default());
    let done = Settlement::completed(taken.lease, None, Keep::Drop);
    subject.applied(worker, done, over()).await;
}

pub(super) async fn a_dead_workers_jobs_wait_for_their_retry(subject: Subject) {
    let dead = subject.worker(START).await;
    subject.push(jobs(3), START).await;
    let taken = subject.claim(dead, 2, START).await;
    let rescuer = subject.worker(over()).await;
    let rescued = rescue(&subject, rescuer, at(40), 9, over()).await;
    assert_eq!((rescued.retried, rescued.exhausted.len()), (2, 0));
    assert_eq!(rescued.buried, [dead]);
    for job in &taken {
        let record = subject.record(job.id()).await;
        assert_eq!(record.state, JobState::Retryable);
        assert_eq!((record.run_at, record.worker), (at(40), None));
        assert_eq!((record.deliveries, record.attempts), (1, 1));
        assert_eq!(record.failures, [Failure::lost(dead, 1, over())]);
    }
    let known = subject.driver.workers().await.must();
    assert!(known.iter().map(|info| info.id).eq([rescuer]));
    let late = Settlement::completed(taken[0].lease.clone(), None, Keep::Drop);
    assert_eq!(
        subject.settle(dead, &[late], at(31)).await,
        [Settled::LeaseLost]
    );
    subject.promote(at(40)).await;
    let again = subject.claim(rescuer, 9, at(40)).await;
    assert_eq!(again.len(), 3);
    assert_eq!(
        again[2].attempts, 1,
        "they were due later than the one that waited"
    );
    assert_eq!(
        rescue(&subject, rescuer, at(40), 9, at(90)).await.moved(),
        0
    );
}

pub(super) async fn a_retry_after_a_rescue_may_be_due_at_once(subject: Subject) {
    let dead = subject.worker(START).await;
    let taken = subject.taken(dead, job(), START).await;
    let rescuer = subject.worker(over()).await;
    let rescued = rescue(&subject, rescuer, over(), 9, over()).await;
    assert_eq!(rescued.retried, 1);
    assert_eq!(subject.state(taken.id()).await, Some(JobState::Available));
    assert_eq!(subject.claim(rescuer, 9, over()).await[0].lease.delivery, 2);
}

pub(super) async fn a_job_out_of_attempts_goes_to_the_rescuer(subject: Subject) {
    let dead = subject.worker(START).await;
    let taken = subject.taken(dead, last_attempt(), START).await;
    let rescuer = subject.worker(over()).await;
    let rescued = rescue(&subject, rescuer, at(40), 9, over()).await;
    assert_eq!((rescued.retried, &rescued.buried[..]), (0, &[dead][..]));
    let [exhausted] = &rescued.exhausted[..] else {
        panic!("one job is out of attempts: {rescued:?}");
    };
    assert_eq!((exhausted.id(), exhausted.lease.delivery), (taken.id(), 2));
    assert_eq!(
        (exhausted.attempts, &exhausted.envelope),
        (1, &taken.envelope)
    );
    let record = subject.record(taken.id()).await;
    assert_eq!(
        (record.state, record.worker),
        (JobState::Running, Some(rescuer))
    );
    assert_eq!(record.failures, [Failure::lost(dead, 1, over())]);

    let last = record.failures[0].clone();
    let lease = exhausted.lease.clone();
    let mut end = Settlement::dead(lease, "lost".to_owned(), Keep::Forever, last);
    end.counted = Counted::Nothing;
    end.failure = None;
    let mut stale = end.clone();
    stale.lease = taken.lease;
    assert_eq!(
        subject.settle(dead, &[stale], at(32)).await,
        [Settled::LeaseLost]
    );
    subject.applied(rescuer, end, at(32)).await;
    let record = subject.record(exhausted.id()).await;
    assert_eq!((record.state, record.attempts), (JobState::Dead, 1));
    assert_eq!(record.failures.len(), 1);
}

/// The rescuer may let it run once more, beyond its attempts.
pub(super) async fn a_job_out_of_attempts_may_run_again(subject: Subject) {
    let dead = subject.worker(START).await;
    let taken = subject.taken(dead, last_attempt(), START).await;
    let rescuer = subject.worker(over()).await;
    let rescued = rescue(&subject, rescuer, at(40), 9, over()).await;
    let lease = rescued.exhausted[0].lease.clone();
    let again = Settlement::new(lease, Ending::Retry { at: over() }, Counted::Nothing);
    subject.applied(rescuer, again, over()).await;
    let record = subject.record(taken.id()).await;
    assert_eq!((record.state, record.worker), (JobState::Available, None));
    assert_eq!((record.attempts, record.run_at), (1, over()));
    assert_eq!(record.failures, [Failure::lost(dead, 1, over())]);
    let again = subject.claim(rescuer, 9, over()).await.remove(0);
    let counters = (again.attempts, again.max_attempts, again.lease.delivery);
    assert_eq!(counters, (1, 1, 3));
    let why = Failure::new(FailureKind::Error, "no", 2, over());
    let end = Settlement::dead(again.lease, "no".to_owned(), Keep::Forever, why);
    subject.applied(rescuer, end, over()).await;
    let record = subject.record(taken.id()).await;
    assert_eq!((record.state, record.attempts), (JobState::Dead, 2));
    assert_eq!(record.failures.len(), 2);
}

/// The rescuer dies as well, before it settles what it took over.
pub(super) async fn a_dead_rescuers_jobs_are_rescued_again(subject: Subject) {
    let first = subject.worker(START).await;
    let taken = subject.taken(first, last_attempt(), START).await;
    let second = subject.worker(over()).await;
    assert_eq!(
        rescue(&subject, second, at(40), 9, over())
            .await
            .exhausted
            .len(),
        1
    );
    let own = rescue(&subject, second, at(90), 9, at(90)).await;
    assert_eq!(own.moved(), 0, "never its own jobs");
    let third = subject.worker(at(90)).await;
    let rescued = rescue(&subject, third, at(99), 9, at(90)).await;
    assert_eq!(rescued.exhausted[0].id(), taken.id());
    assert_eq!(
        (
            rescued.exhausted[0].attempts,
            rescued.exhausted[0].lease.delivery
        ),
        (2, 3)
    );
    assert_eq!(rescued.buried, [second]);
}

pub(super) async fn a_lost_job_that_should_end_goes_to_the_rescuer(subject: Subject) {
    let dead = subject.worker(START).await;
    let taken = subject.taken(dead, job(), START).await;
    let this = Selection::Ids(vec![taken.id()]);
    subject
        .driver
        .cancel(&this, "withdrawn", Keep::Forever, 9, at(1))
        .await
        .must();
    let rescuer = subject.worker(over()).await;
    let rescued = rescue(&subject, rescuer, at(40), 9, over()).await;
    assert_eq!((rescued.retried, rescued.exhausted.len()), (0, 1));
    assert!(rescued.exhausted[0].cancel_requested);
    assert_eq!(rescued.exhausted[0].attempts, 1);
}

pub(super) async fn a_rescue_is_bounded_and_buries_last(subject: Subject) {
    let dead = subject.worker(START).await;
    subject.push(jobs(25), START).await;
    assert_eq!(subject.claim(dead, 25, START).await.len(), 25);
    let rescuer = subject.worker(over()).await;
    let mut moved = Vec::new();
    let mut buried = Vec::new();
    loop {
        let rescued = rescue(&subject, rescuer, at(40), 10, over()).await;
        assert!(rescued.moved() <= 10);
        if !rescued.buried.is_empty() {
            assert_eq!(
                subject.count(JobState::Running).await,
                0,
                "buried after its last job"
            );
        }
        buried.extend(rescued.buried.iter().copied());
        if rescued.moved() == 0 {
            break;
        }
        moved.push(rescued.moved());
    }
    assert_eq!(moved.iter().sum::<usize>(), 25);
    assert_eq!(buried, [dead]);
    assert_eq!(subject.count(JobState::Retryable).await, 25);
}

pub(super) async fn several_rescuers_count_each_job_once(subject: Subject) {
    const JOBS: usize = 200;
    let dead = subject.worker(START).await;
    subject.push(jobs(JOBS), START).await;
    let taken = subject.claim(dead, JOBS, START).await;
    assert_eq!(taken.len(), JOBS);
    let rescuers: Vec<_> = (0..4)
        .map(|_| {
            let subject = subject.clone();
            tokio::spawn(async move {
                let by = subject.worker(over()).await;
                let mut moved = 0;
                loop {
                    let rescued = rescue(&subject, by, at(40), 30, over()).await;
                    moved += rescued.moved();
                    if rescued.moved() == 0 {
                        return moved;
                    }
                }
            })
        })
        .collect();
    let mut moved = 0;
    for rescuer in rescuers {
        moved += rescuer.await.must();
    }
    let last = subject.worker(over()).await;
    moved += rescue(&subject, last, at(40), MAX_BATCH, over())
        .await
        .moved();
    assert_eq!(moved, JOBS);
    for job in taken {
        assert_eq!(subject.record(job.id()).await.attempts, 1);
    }
}

/// A worker that slept past its lease goes on claiming; nobody knows it, so its jobs are lost.
pub(super) async fn jobs_of_a_forgotten_worker_are_rescued(subject: Subject) {
    let sleeper = subject.worker(START).await;
    let rescuer = subject.worker(over()).await;
    assert_eq!(
        rescue(&subject, rescuer, at(40), 9, over()).await.buried,
        [sleeper]
    );
    let taken = subject.taken(sleeper, job(), over()).await;
    let rescued = rescue(&subject, rescuer, at(40), 9, over()).await;
    assert_eq!(rescued.retried, 1);
    let late = Settlement::completed(taken.lease, None, Keep::Drop);
    assert_eq!(
        subject.settle(sleeper, &[late], at(31)).await,
        [Settled::LeaseLost]
    );
    assert!(
        subject.beat(sleeper, at(31)).await.registered,
        "it learns that it was forgotten"
    );
}

pub(super) async fn a_disowned_job_is_available_again(subject: Subject) {
    let (worker, other) = (subject.worker(START).await, subject.worker(START).await);
    subject.push(jobs(6), START).await;
    let mine = subject.claim(worker, 4, START).await;
    let others = subject.claim(other, 1, START).await;
    let held = [mine[1].id(), mine[3].id(), others[0].id()];
    let count = subject.driver.disown(worker, &held, at(1)).await.must();
    assert_eq!(count, 2);
    for (number, job) in mine.iter().enumerate() {
        let record = subject.record(job.id()).await;
        let wanted = [JobState::Available, JobState::Running][number % 2];
        assert_eq!((record.state, record.run_at), (wanted, START));
        let counters = (record.deliveries, record.attempts, record.deferrals);
        assert_eq!(counters, (1, 0, 0));
    }
    assert_eq!(subject.state(others[0].id()).await, Some(JobState::Running));
    let late = Settlement::completed(mine[0].lease.clone(), None, Keep::Drop);
    assert_eq!(
        subject.settle(worker, &[late], at(2)).await,
        [Settled::LeaseLost]
    );
    let kept = Settlement::completed(mine[1].lease.clone(), None, Keep::Drop);
    subject.applied(worker, kept, at(2)).await;
    let again = subject.claim(other, 2, at(3)).await;
    assert_eq!(
        ids(&again),
        [mine[0].id(), mine[2].id()],
        "at their old places"
    );
}

pub(super) async fn a_retired_worker_leaves_nothing(subject: Subject) {
    let (worker, other) = (subject.worker(START).await, subject.worker(START).await);
    subject.push(jobs(2), START).await;
    subject.push(vec![job_in("mail")], START).await;
    subject.claim(worker, 2, START).await;
    subject.claim_from(worker, &queue("mail"), 1, START).await;
    assert_eq!(subject.driver.retire(worker, at(1)).await.must(), 3);
    assert_eq!(subject.count(JobState::Available).await, 2);
    let known = subject.driver.workers().await.must();
    let known: BTreeSet<_> = known.into_iter().map(|info| info.id).collect();
    assert_eq!(known, BTreeSet::from([other]));
    assert_eq!(subject.driver.retire(worker, at(2)).await.must(), 0);
    assert_eq!(
        subject.driver.retire(WorkerId::new(), at(2)).await.must(),
        0
    );
    let again = subject.claim(other, 9, at(2)).await;
    assert!(
        again
            .iter()
            .all(|job| (job.attempts, job.lease.delivery) == (0, 2))
    );
}

/// A panic, an error, a timeout, a lost worker: the history tells them apart.
pub(super) async fn a_history_mixes_all_kinds_of_failure(subject: Subject) {
    let mut job = job();
    job.max_attempts = 9;
    let id = job.id;
    subject.stored(job).await;
    let worker = subject.worker(START).await;
    let kinds = [FailureKind::Panic, FailureKind::Error, FailureKind::Timeout];
    for (number, kind) in (1..).zip(kinds) {
        let taken = subject.claim(worker, 1, at(1)).await.remove(0);
        let why = Failure::new(kind, "no", number, at(1));
        subject
            .applied(worker, Settlement::retry(taken.lease, at(1), why), at(1))
            .await;
    }
    subject.claim(worker, 1, at(1)).await;
    let rescuer = subject.worker(over()).await;
    rescue(&subject, rescuer, over(), 9, over()).await;
    let record = subject.record(id).await;
    let kinds: Vec<_> = record
        .failures
        .iter()
        .map(|failure| failure.kind.as_str())
        .collect();
    assert_eq!(kinds, ["panic", "error", "timeout", "lost"]);
    assert_eq!((record.attempts, record.deliveries), (4, 4));
}
