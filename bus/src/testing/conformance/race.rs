//! Many at once: whatever meets whatever, each job ends once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::chance::Chance;
use super::kit::{Must, Subject, at, job, jobs};
use crate::driver::{ClaimRequest, Claimed, Counted, Ending, Keep, Rescue, Settled, Settlement};
use crate::id::{JobId, QueueName, WorkerId};
use crate::job::{Failure, FailureKind, JobState, NewJob};

const JOBS: usize = 600;

/// What the racers share: a clock that runs, and who saw which job end.
#[derive(Debug)]
struct Race {
    subject: Subject,
    seconds: AtomicU64,
    ended: Mutex<HashMap<JobId, u32>>,
}

impl Race {
    fn now(&self) -> crate::clock::Timestamp {
        at(self.seconds.load(Ordering::Relaxed))
    }

    fn over(&self) -> bool {
        self.ended.lock().must().len() >= JOBS
    }

    /// Settles and notes what ended by it.
    async fn settle(&self, worker: WorkerId, settlements: &[Settlement]) {
        let settled = self.subject.settle(worker, settlements, self.now()).await;
        self.note(settlements, &settled);
    }

    fn note(&self, all: &[Settlement], settled: &[Settled]) {
        let mut ended = self.ended.lock().must();
        for (settlement, settled) in all.iter().zip(settled) {
            let ends = matches!(
                settlement.ending,
                Ending::Completed { .. } | Ending::Dead { .. }
            );
            if ends && *settled == Settled::Applied {
                *ended.entry(settlement.lease.job).or_default() += 1;
            }
        }
    }
}

/// Works until all have ended, and now and then dies with all that it holds.
async fn work(race: Arc<Race>, seed: u64) {
    let mut chance = Chance::of(seed);
    let mut worker = race.subject.worker(race.now()).await;
    let mut pending: Vec<Settlement> = Vec::new();
    while !race.over() {
        if chance.one_in(12) {
            // A crash: what it held is lost, and another incarnation takes its place.
            pending.clear();
            worker = race.subject.worker(race.now()).await;
        }
        if chance.one_in(4) {
            race.subject.beat(worker, race.now()).await;
        }
        let request = ClaimRequest::one(QueueName::DEFAULT, 1 + chance.below(20) as usize);
        let claimed = match chance.one_in(2) {
            true => race.subject.claim(worker, request.limit, race.now()).await,
            false => {
                let all = std::mem::take(&mut pending);
                let driver = &race.subject.driver;
                let both = driver.settle_and_claim(worker, &all, &request, race.now());
                let (settled, claims) = both.await.must();
                race.note(&all, &settled);
                claims.must().jobs
            }
        };
        pending.extend(claimed.iter().map(|job| outcome(job, &mut chance, &race)));
        if chance.one_in(2) {
            let all = std::mem::take(&mut pending);
            race.settle(worker, &all).await;
            if chance.one_in(3) {
                race.settle(worker, &all).await;
            }
        }
        tokio::task::yield_now().await;
    }
}

fn outcome(job: &Claimed, chance: &mut Chance, race: &Race) -> Settlement {
    let lease = job.lease.clone();
    match chance.below(10) {
        0 => Settlement::released(lease),
        1 => Settlement::deferred(lease, race.now()),
        2 => {
            let why = Failure::new(FailureKind::Error, "no", job.attempts + 1, race.now());
            Settlement::retry(lease, race.now(), why)
        }
        _ => Settlement::completed(lease, None, Keep::Drop),
    }
}

/// Rescues and promotes until all have ended; its clock is what all go by.
async fn maintain(race: Arc<Race>) {
    let by = race.subject.worker(race.now()).await;
    while !race.over() {
        race.seconds.fetch_add(1, Ordering::Relaxed);
        race.subject.beat(by, race.now()).await;
        let rescue = Rescue {
            by,
            retry_at: race.now(),
            limit: 50,
        };
        let rescued = race.subject.driver.rescue(&rescue, race.now()).await.must();
        let ends = rescued.exhausted.into_iter().map(|job| {
            let why = Failure::new(FailureKind::Lost, "lost", job.attempts, race.now());
            let mut end = Settlement::dead(job.lease, "lost".to_owned(), Keep::Drop, why);
            end.counted = Counted::Nothing;
            end
        });
        race.settle(by, &ends.collect::<Vec<_>>()).await;
        race.subject.driver.promote(100, race.now()).await.must();
        tokio::task::yield_now().await;
    }
}

/// Four workers that crash, two maintainers, jobs of one to three attempts.
pub(super) async fn crashing_workers_lose_no_job_and_end_none_twice(subject: Subject) {
    let race = Arc::new(Race {
        subject: subject.clone(),
        seconds: AtomicU64::new(0),
        ended: Mutex::default(),
    });
    let attempts = |number: usize| 1 + u16::try_from(number % 3).must();
    let all = (0..JOBS).map(|number| NewJob {
        max_attempts: attempts(number),
        ..job()
    });
    subject.push(all.collect(), at(0)).await;
    let mut racers = Vec::new();
    for seed in 0..4 {
        racers.push(tokio::spawn(work(Arc::clone(&race), seed)));
    }
    for _ in 0..2 {
        racers.push(tokio::spawn(maintain(Arc::clone(&race))));
    }
    for racer in racers {
        racer.await.must();
    }
    let ended = race.ended.lock().must().clone();
    assert_eq!(ended.len(), JOBS);
    let twice: Vec<_> = ended.into_iter().filter(|&(_, times)| times > 1).collect();
    assert_eq!(twice, [], "ended more than once");
    for state in JobState::ALL {
        assert_eq!(subject.count(state).await, 0, "{state}");
    }
}

/// Pushes of many tasks that carry the same ids, as repeated calls do: each is stored once.
pub(super) async fn pushes_repeated_by_many_store_each_job_once(subject: Subject) {
    let all = jobs(300);
    let pushers: Vec<_> = (0..6_u64)
        .map(|seed| {
            let (subject, mut all) = (subject.clone(), all.clone());
            tokio::spawn(async move {
                let mut chance = Chance::of(seed);
                let mut stored = 0;
                while !all.is_empty() {
                    let some = all.len().min(1 + chance.below(40) as usize);
                    let pushed = subject.push(all.split_off(all.len() - some), at(0)).await;
                    let new = |pushed: &&_| matches!(pushed, crate::driver::Pushed::Stored);
                    stored += pushed.iter().filter(new).count();
                }
                stored
            })
        })
        .collect();
    let mut stored = 0;
    for pusher in pushers {
        stored += pusher.await.must();
    }
    assert_eq!(stored, 300, "told to one of them");
    assert_eq!(subject.count(JobState::Available).await, 300);
}

/// Six at once give outcomes of one delivery: one of them is applied.
pub(super) async fn one_of_many_settlements_of_a_delivery_is_applied(subject: Subject) {
    let worker = subject.worker(at(0)).await;
    for _ in 0..20 {
        let taken = subject.taken(worker, job(), at(0)).await;
        let settlers: Vec<_> = (0..6)
            .map(|number| {
                let (subject, lease) = (subject.clone(), taken.lease.clone());
                let settlement = match number % 2 {
                    0 => Settlement::completed(lease, None, Keep::Drop),
                    _ => Settlement::deferred(lease, at(900)),
                };
                tokio::spawn(async move { subject.settle(worker, &[settlement], at(1)).await[0] })
            })
            .collect();
        let mut applied = 0;
        for settler in settlers {
            applied += usize::from(settler.await.must() == Settled::Applied);
        }
        assert_eq!(applied, 1);
    }
}
