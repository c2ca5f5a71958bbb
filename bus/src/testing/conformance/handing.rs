//! Hand-off: jobs that skip the queue. Nothing to check for a store without it.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::watch;

use super::kit::{Must, START, Subject, at, ids, job, job_due, job_in, jobs, queue};
use crate::driver::{Claimed, HandOff, Keep, Settled, Settlement};
use crate::id::{JobId, QueueName, WorkerId};
use crate::job::JobState;

/// A worker with some room, which keeps what it gets.
#[derive(Debug)]
struct Hands {
    worker: WorkerId,
    room: Mutex<usize>,
    got: watch::Sender<Got>,
}

#[derive(Debug, Default, Clone)]
struct Got {
    reserved: usize,
    released: usize,
    jobs: Vec<Claimed>,
}

impl HandOff for Hands {
    fn worker(&self) -> WorkerId {
        self.worker
    }

    fn reserve(&self, _: &QueueName, wanted: usize) -> usize {
        let mut room = self.room.lock().must();
        let count = wanted.min(*room);
        *room -= count;
        self.got.send_modify(|got| got.reserved += count);
        count
    }

    fn deliver(&self, jobs: Vec<Claimed>) {
        self.got.send_modify(|got| got.jobs.extend(jobs));
    }

    fn release(&self, _: &QueueName, count: usize, unsure: bool) {
        assert!(!unsure, "the store is well");
        *self.room.lock().must() += count;
        self.got.send_modify(|got| got.released += count);
    }
}

impl Hands {
    async fn of(subject: &Subject, room: usize) -> Arc<Self> {
        let hands = Arc::new(Self {
            worker: subject.worker(START).await,
            room: Mutex::new(room),
            got: watch::Sender::default(),
        });
        let weak: Weak<Self> = Arc::downgrade(&hands);
        subject.driver.offer(weak);
        hands
    }

    /// What it got once all that it reserved was delivered or released.
    async fn got(&self) -> Got {
        let mut got = self.got.subscribe();
        let all = got.wait_for(|got| got.reserved == got.released + got.jobs.len());
        let all = tokio::time::timeout(Duration::from_secs(20), all).await;
        all.expect("each reservation is delivered or released")
            .must()
            .clone()
    }
}

fn skips(subject: &Subject) -> bool {
    !subject.driver.capabilities().hand_off
}

pub(super) async fn a_job_handed_over_is_running_and_settles(subject: Subject) {
    if skips(&subject) {
        return;
    }
    let hands = Hands::of(&subject, 2).await;
    let all = jobs(3);
    let wanted: Vec<JobId> = all.iter().map(|job| job.id).collect();
    subject.push(all.clone(), at(1)).await;
    let got = hands.got().await.jobs;
    assert_eq!(ids(&got), wanted[..2]);
    for (got, pushed) in got.iter().zip(&all) {
        assert_eq!(got.envelope, pushed.envelope);
        assert_eq!(
            (got.lease.delivery, got.attempts, got.created_at),
            (1, 0, at(1))
        );
        let record = subject.record(pushed.id).await;
        assert_eq!(
            (record.state, record.worker),
            (JobState::Running, Some(hands.worker))
        );
        assert_eq!((record.deliveries, record.claimed_at), (1, Some(at(1))));
    }
    assert_eq!(subject.state(wanted[2]).await, Some(JobState::Available));
    let done = |job: &Claimed| Settlement::completed(job.lease.clone(), None, Keep::Drop);
    let settled = subject.settle(hands.worker, &[done(&got[0])], at(2)).await;
    assert_eq!(settled, [Settled::Applied]);
    assert_eq!(
        subject.driver.disown(hands.worker, &[], at(2)).await.must(),
        1
    );
    let settled = subject.settle(hands.worker, &[done(&got[1])], at(3)).await;
    assert_eq!(settled, [Settled::LeaseLost]);
}

pub(super) async fn what_is_not_due_new_or_free_is_not_handed_over(subject: Subject) {
    if skips(&subject) {
        return;
    }
    let mail = queue("mail");
    let known = subject.stored(job()).await;
    subject.driver.pause(&mail, None, START).await.must();
    let hands = Hands::of(&subject, 9).await;
    let mut again = job();
    again.id = known;
    let later = job_due(at(60));
    let paused = job_in("mail");
    let (later_id, paused_id) = (later.id, paused.id);
    subject.push(vec![again, later, paused], at(1)).await;
    let got = hands.got().await;
    assert_eq!(ids(&got.jobs), []);
    assert_eq!(*hands.room.lock().must(), 9, "all room is free again");
    assert_eq!(subject.state(known).await, Some(JobState::Available));
    assert_eq!(subject.state(later_id).await, Some(JobState::Scheduled));
    assert_eq!(subject.state(paused_id).await, Some(JobState::Available));
}

pub(super) async fn a_worker_that_is_gone_is_asked_no_more(subject: Subject) {
    if skips(&subject) {
        return;
    }
    let gone = Hands::of(&subject, 9).await;
    let other = Hands::of(&subject, 9).await;
    let dropped = gone.worker;
    drop(gone);
    subject.push(jobs(2), START).await;
    assert_eq!(other.got().await.jobs.len(), 2);
    assert!(
        other
            .got()
            .await
            .jobs
            .iter()
            .all(|job| job.lease.delivery == 1)
    );
    assert_eq!(subject.driver.disown(dropped, &[], START).await.must(), 0);
}

/// Many push at once to a worker with little room: no job is lost, none is given twice.
pub(super) async fn pushes_of_many_are_handed_over_or_wait(subject: Subject) {
    if skips(&subject) {
        return;
    }
    let hands = Hands::of(&subject, 25).await;
    let pushers: Vec<_> = (0..8)
        .map(|_| {
            let subject = subject.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    subject.push(jobs(1), START).await;
                }
            })
        })
        .collect();
    for pusher in pushers {
        pusher.await.must();
    }
    let got = hands.got().await.jobs.len();
    assert!(got <= 25 && got > 0, "{got}");
    assert_eq!(subject.count(JobState::Running).await, got as u64);
    assert_eq!(subject.count(JobState::Available).await, 80 - got as u64);
}
