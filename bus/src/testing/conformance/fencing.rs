//! Leases: only the valid one counts, and only once.

use super::kit::{Must, START, Subject, at, job, job_of, jobs};
use super::settling::failure;
use crate::driver::{Keep, MAX_BATCH, Settled, Settlement};
use crate::id::{JobId, WorkerId};
use crate::job::JobState;

/// A settlement of each kind that names a delivery long past.
fn all_kinds(lease: &crate::driver::Lease) -> Vec<Settlement> {
    let lease = || lease.clone();
    vec![
        Settlement::completed(lease(), None, Keep::Drop),
        Settlement::completed(lease(), Some("7".into()), Keep::Forever),
        Settlement::retry(lease(), at(50), failure(1, "late")),
        Settlement::deferred(lease(), at(50)),
        Settlement::released(lease()),
        Settlement::cancelled(lease(), "late".to_owned(), Keep::Forever),
        Settlement::dead(lease(), "late".to_owned(), Keep::Drop, failure(1, "late")),
        Settlement::parked(lease(), "late".to_owned(), failure(1, "late")),
    ]
}

pub(super) async fn a_stale_lease_changes_nothing(subject: Subject) {
    let worker = subject.worker(START).await;
    let old = subject.taken(worker, job(), START).await;
    subject
        .applied(worker, Settlement::released(old.lease.clone()), at(1))
        .await;
    let waiting = subject.record(old.id()).await;
    for stale in all_kinds(&old.lease) {
        assert_eq!(
            subject.settle(worker, &[stale], at(2)).await,
            [Settled::LeaseLost]
        );
    }
    assert_eq!(subject.record(old.id()).await, waiting);
    let new = subject.claim(worker, 1, at(3)).await.remove(0);
    let running = subject.record(old.id()).await;
    for stale in all_kinds(&old.lease) {
        assert_eq!(
            subject.settle(worker, &[stale], at(4)).await,
            [Settled::LeaseLost]
        );
    }
    assert_eq!(subject.record(old.id()).await, running);
    subject
        .applied(
            worker,
            Settlement::completed(new.lease, None, Keep::Drop),
            at(5),
        )
        .await;
    for stale in all_kinds(&old.lease) {
        assert_eq!(
            subject.settle(worker, &[stale], at(6)).await,
            [Settled::LeaseLost]
        );
    }
    assert_eq!(subject.get(old.id()).await, None);
}

pub(super) async fn a_repeated_settlement_changes_nothing(subject: Subject) {
    let worker = subject.worker(START).await;
    for number in 0..8 {
        let taken = subject.taken(worker, job_of(100, START), START).await;
        let settlement = all_kinds(&taken.lease).remove(number);
        let once = [settlement.clone()];
        assert_eq!(
            subject.settle(worker, &once, at(1)).await,
            [Settled::Applied]
        );
        let after = subject.get(taken.id()).await;
        assert_eq!(
            subject.settle(worker, &once, at(2)).await,
            [Settled::LeaseLost]
        );
        assert_eq!(subject.get(taken.id()).await, after);
        // Whatever waits must not be in the way of the next round.
        let all = crate::driver::Selection::Ids(vec![taken.id()]);
        subject.driver.delete(&all, 1, at(2)).await.must();
    }
    let taken = subject.taken(worker, job(), START).await;
    let done = Settlement::completed(taken.lease, None, Keep::Drop);
    let settled = subject.settle(worker, &[done.clone(), done], at(1)).await;
    assert_eq!(
        settled,
        [Settled::Applied, Settled::LeaseLost],
        "twice in one call"
    );
}

pub(super) async fn another_workers_lease_is_not_valid(subject: Subject) {
    let (mine, other) = (subject.worker(START).await, subject.worker(START).await);
    let taken = subject.taken(mine, job(), START).await;
    let before = subject.record(taken.id()).await;
    for foreign in all_kinds(&taken.lease) {
        assert_eq!(
            subject.settle(other, &[foreign], at(1)).await,
            [Settled::LeaseLost]
        );
    }
    let mut ahead = taken.lease.clone();
    ahead.delivery += 1;
    let mut unknown = taken.lease.clone();
    unknown.job = JobId::new();
    for lease in [ahead, unknown] {
        let done = Settlement::completed(lease, None, Keep::Drop);
        assert_eq!(
            subject.settle(mine, &[done], at(1)).await,
            [Settled::LeaseLost]
        );
    }
    assert_eq!(subject.record(taken.id()).await, before);
}

pub(super) async fn one_lost_lease_does_not_harm_the_others(subject: Subject) {
    let worker = subject.worker(START).await;
    subject.push(jobs(9), START).await;
    let claimed = subject.claim(worker, 9, START).await;
    let lost = &claimed[4];
    subject
        .applied(worker, Settlement::released(lost.lease.clone()), at(1))
        .await;
    let settlements: Vec<_> = claimed
        .iter()
        .map(|job| Settlement::completed(job.lease.clone(), None, Keep::Drop))
        .collect();
    let settled = subject.settle(worker, &settlements, at(2)).await;
    for (number, settled) in settled.into_iter().enumerate() {
        let wanted = [Settled::Applied, Settled::LeaseLost][usize::from(number == 4)];
        assert_eq!(settled, wanted, "settlement {number}");
    }
    assert_eq!(subject.state(lost.id()).await, Some(JobState::Available));
    assert_eq!(subject.count(JobState::Running).await, 0);
}

pub(super) async fn a_thousand_settlements_in_one_call(subject: Subject) {
    let worker = subject.worker(START).await;
    subject.push(jobs(MAX_BATCH), START).await;
    let claimed = subject.claim(worker, MAX_BATCH, START).await;
    assert_eq!(claimed.len(), MAX_BATCH);
    let settle = |number: usize, job: &crate::driver::Claimed| {
        let mut kinds = all_kinds(&job.lease);
        kinds.remove(number % kinds.len())
    };
    let each = claimed.iter().enumerate();
    let settlements: Vec<_> = each.map(|(number, job)| settle(number, job)).collect();
    let settled = subject.settle(worker, &settlements, at(1)).await;
    assert!(settled.iter().all(|settled| *settled == Settled::Applied));
    let share = MAX_BATCH as u64 / 8;
    for (state, shares) in [
        (JobState::Running, 0),
        (JobState::Completed, 1),
        (JobState::Retryable, 1),
        (JobState::Scheduled, 1),
        (JobState::Available, 1),
        (JobState::Cancelled, 1),
        (JobState::Dead, 1),
    ] {
        assert_eq!(subject.count(state).await, share * shares, "{state}");
    }
    assert_eq!(settle_again(&subject, worker, &settlements).await, 0);
}

async fn settle_again(subject: &Subject, worker: WorkerId, all: &[Settlement]) -> usize {
    let settled = subject.settle(worker, all, at(2)).await;
    settled
        .iter()
        .filter(|settled| **settled == Settled::Applied)
        .count()
}
