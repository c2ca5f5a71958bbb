//! Random operations on the store and on a model of it, compared step by step.

use super::chance::Chance;
use super::kit::{LEASE, Must, START, Subject, ids, job, queue};
use super::model_law::Model;
use crate::clock::Timestamp;
use crate::driver::{
    ClaimRequest, Claimed, Counted, Ending, Keep, Lease, MAX_BATCH, Pushed, QueueShare, Rescue,
    Selection, Settlement,
};
use crate::id::{JobId, QueueName, WorkerId};
use crate::job::{Failure, FailureKind, NewJob, Priority};

pub(super) const QUEUES: [&str; 3] = ["a", "b", "c"];
const STEPS: usize = 250;

/// Random lives from fixed seeds; a failure names seed and step, so it can be repeated.
pub(super) async fn a_model_and_the_store_agree(subject: Subject) {
    for seed in 1..=4 {
        let mut run = Run {
            subject: subject.clone(),
            chance: Chance::of(seed),
            model: Model::default(),
            now: START,
            workers: Vec::new(),
            leases: Vec::new(),
            known: Vec::new(),
        };
        run.join().await;
        for step in 0..STEPS {
            let what = run.step().await;
            if step % 10 == 9 || step + 1 == STEPS {
                run.compare(&format!("seed {seed}, step {step}, after {what}"))
                    .await;
            }
        }
        run.clear().await;
    }
}

pub(super) struct Run {
    pub(super) subject: Subject,
    chance: Chance,
    pub(super) model: Model,
    pub(super) now: Timestamp,
    pub(super) workers: Vec<WorkerId>,
    /// All that were ever given, stale ones included.
    leases: Vec<(WorkerId, Lease)>,
    known: Vec<JobId>,
}

impl Run {
    async fn step(&mut self) -> &'static str {
        if self.chance.one_in(3) {
            self.now = self.now + std::time::Duration::from_secs(self.chance.below(8));
        }
        if self.chance.one_in(20) {
            self.now = self.now + LEASE;
        }
        match self.chance.below(20) {
            0..=3 => self.push().await,
            4..=7 => self.claim().await,
            8..=12 => self.settle().await,
            13 => self.beat().await,
            14 => self.rescue().await,
            15 => self.give_back().await,
            16 => self.promote().await,
            17 => self.edit().await,
            18 => self.pause().await,
            _ => self.prune().await,
        }
    }

    fn some_queue(&mut self) -> QueueName {
        queue(self.chance.pick(&QUEUES).must())
    }

    fn some_time(&mut self) -> Timestamp {
        let seconds = std::time::Duration::from_secs(self.chance.below(20));
        match self.chance.one_in(2) {
            true => self.now + seconds,
            false => self.now - seconds,
        }
    }

    fn some_keep(&mut self) -> Keep {
        match self.chance.below(3) {
            0 => Keep::Drop,
            1 => Keep::Until(self.some_time()),
            _ => Keep::Forever,
        }
    }

    fn some_worker(&mut self) -> WorkerId {
        *self.chance.pick(&self.workers).must()
    }

    async fn join(&mut self) -> WorkerId {
        let worker = self.subject.worker(self.now).await;
        self.model.beat(worker, self.now + LEASE);
        self.workers.push(worker);
        worker
    }

    async fn push(&mut self) -> &'static str {
        let mut new = Vec::new();
        for _ in 0..=self.chance.below(6) {
            let mut job = NewJob {
                queue: self.some_queue(),
                run_at: self.some_time(),
                priority: Priority::clamped(self.chance.below(3) as i16 - 1),
                max_attempts: 1 + self.chance.below(3) as u16,
                ..job()
            };
            // One that is stored, never one that was: its id would be older than its arrival, and
            // which of them decides is the driver's choice.
            if let Some(known) = self.chance.pick(&self.known)
                && self.chance.one_in(6)
                && self.model.jobs.contains_key(known)
            {
                job.id = *known;
            }
            self.known.push(job.id);
            new.push(job);
        }
        let wanted: Vec<Pushed> = new
            .iter()
            .map(|job| self.model.push(job, self.now))
            .collect();
        assert_eq!(self.subject.push(new, self.now).await, wanted);
        "push"
    }

    /// Due jobs are promoted before: whether a claim does it is the driver's choice.
    async fn claim(&mut self) -> &'static str {
        self.promote().await;
        let worker = self.some_worker();
        let mut request = ClaimRequest {
            shares: Vec::new(),
            limit: self.chance.below(8) as usize,
        };
        for _ in 0..self.chance.below(4) {
            request.shares.push(QueueShare {
                queue: self.some_queue(),
                limit: self.chance.below(5) as usize,
            });
        }
        let wanted = self.model.claim(worker, &request, self.now);
        let claims = self.subject.driver.claim(worker, &request, self.now).await;
        let claimed = claims.must().jobs;
        assert_eq!(ids(&claimed), wanted);
        self.took(worker, &claimed);
        "claim"
    }

    fn took(&mut self, worker: WorkerId, claimed: &[Claimed]) {
        for job in claimed {
            let record = &self.model.jobs[&job.id()];
            assert_eq!(job.lease.delivery, record.deliveries);
            assert_eq!(
                (job.attempts, job.deferrals),
                (record.attempts, record.deferrals)
            );
            assert_eq!((job.priority, job.run_at), (record.priority, record.run_at));
            assert_eq!(job.cancel_requested, record.cancel_requested);
            self.leases.push((worker, job.lease.clone()));
        }
    }

    /// Settles leases old and new; those that one worker was given go in one call.
    async fn settle(&mut self) -> &'static str {
        let worker = self.some_worker();
        let mine = self.leases.iter().filter(|(of, _)| *of == worker);
        let mine: Vec<Lease> = mine.map(|(_, lease)| lease.clone()).collect();
        // Mostly the newest, which may be valid.
        let some = mine.iter().rev().take(6);
        let mut settlements = Vec::new();
        for lease in some {
            if self.chance.one_in(3) {
                continue;
            }
            let settlement = self.some_settlement(lease.clone());
            settlements.push(settlement);
        }
        let by = match self.chance.one_in(9) {
            true => self.some_worker(),
            false => worker,
        };
        let model = &mut self.model;
        let now = self.now;
        let wanted: Vec<_> = settlements
            .iter()
            .map(|settlement| model.settle(by, settlement, now))
            .collect();
        assert_eq!(self.subject.settle(by, &settlements, now).await, wanted);
        "settle"
    }

    fn some_settlement(&mut self, lease: Lease) -> Settlement {
        let keep = self.some_keep();
        let reason = "because".to_owned();
        let ending = match self.chance.below(8) {
            0..=2 => Ending::Completed {
                output: Some("7".into()),
                keep,
            },
            3 | 4 => Ending::Retry {
                at: self.some_time(),
            },
            5 => Ending::Defer {
                at: self.some_time(),
            },
            6 => Ending::Release,
            _ if self.chance.one_in(2) => Ending::Cancelled { reason, keep },
            _ => Ending::Dead { reason, keep },
        };
        let counted = match self.chance.below(3) {
            0 => Counted::Nothing,
            1 => Counted::Deferral,
            _ => Counted::Attempt,
        };
        let mut settlement = Settlement::new(lease, ending, counted);
        if self.chance.one_in(2) {
            let why = Failure::new(FailureKind::Error, "no", 1, self.now);
            settlement = settlement.with_failure(why);
        }
        if self.chance.one_in(4) {
            let follow = NewJob {
                queue: self.some_queue(),
                run_at: self.some_time(),
                ..job()
            };
            settlement = settlement.with_follow(vec![follow]);
        }
        settlement
    }

    async fn beat(&mut self) -> &'static str {
        if self.chance.one_in(3) || self.workers.len() < 2 {
            self.join().await;
            return "a new worker";
        }
        let worker = self.some_worker();
        let wanted = self.model.beat(worker, self.now + LEASE);
        let answer = self.subject.beat(worker, self.now).await;
        let mut cancelled = answer.cancelled;
        cancelled.sort();
        assert_eq!((answer.registered, cancelled), wanted);
        "a heartbeat"
    }

    async fn rescue(&mut self) -> &'static str {
        let by = self.some_worker();
        self.subject.beat(by, self.now).await;
        self.model.beat(by, self.now + LEASE);
        let rescue = Rescue {
            by,
            retry_at: self.some_time(),
            limit: MAX_BATCH,
        };
        let (retried, mut exhausted, buried) = self.model.rescue(&rescue, self.now);
        let rescued = self.subject.driver.rescue(&rescue, self.now).await.must();
        assert_eq!(rescued.retried, retried);
        let mut got = ids(&rescued.exhausted);
        got.sort();
        exhausted.sort();
        assert_eq!(got, exhausted);
        let mut got = rescued.buried.clone();
        got.sort();
        assert_eq!(got, buried);
        self.took(by, &rescued.exhausted);
        "a rescue"
    }

    async fn give_back(&mut self) -> &'static str {
        let worker = self.some_worker();
        if self.chance.one_in(2) && self.workers.len() > 1 {
            let wanted = self.model.disown(worker, &[]);
            self.model.workers.remove(&worker);
            let count = self.subject.driver.retire(worker, self.now).await.must();
            assert_eq!(count, wanted);
            return "a retirement";
        }
        let held: Vec<JobId> = self.known.iter().rev().take(9).copied().collect();
        let wanted = self.model.disown(worker, &held);
        let count = self
            .subject
            .driver
            .disown(worker, &held, self.now)
            .await
            .must();
        assert_eq!(count, wanted);
        "a disowning"
    }

    async fn promote(&mut self) -> &'static str {
        let wanted = self.model.promote(self.now);
        assert_eq!(self.subject.promote(self.now).await, wanted);
        "a promotion"
    }

    async fn edit(&mut self) -> &'static str {
        let mut some = Vec::new();
        for _ in 0..4 {
            some.extend(self.chance.pick(&self.known).copied());
        }
        some.sort();
        some.dedup();
        let jobs = Selection::Ids(some.clone());
        let (driver, now) = (self.subject.driver.clone(), self.now);
        match self.chance.below(3) {
            0 => {
                let wanted = self.model.retry(&some, now);
                assert_eq!(driver.retry(&jobs, 99, now).await.must(), wanted);
                "a retry"
            }
            1 => {
                let keep = self.some_keep();
                let wanted = self.model.cancel(&some, "asked", keep, now);
                let count = driver.cancel(&jobs, "asked", keep, 99, now).await.must();
                assert_eq!((count.cancelled, count.requested), wanted);
                "a cancellation"
            }
            _ => {
                let wanted = self.model.delete(&some);
                assert_eq!(driver.delete(&jobs, 99, now).await.must(), wanted);
                "a deletion"
            }
        }
    }

    async fn pause(&mut self) -> &'static str {
        let name = self.some_queue();
        let driver = &self.subject.driver;
        if self.chance.one_in(3) {
            let wanted = self.model.paused.insert(name.clone());
            assert_eq!(driver.pause(&name, None, self.now).await.must(), wanted);
            return "a pause";
        }
        let wanted = self.model.paused.remove(&name);
        assert_eq!(driver.resume(&name).await.must(), wanted);
        "a resumption"
    }

    async fn prune(&mut self) -> &'static str {
        let wanted = self.model.prune(self.now);
        let count = self.subject.driver.prune(MAX_BATCH, self.now).await.must();
        assert_eq!(count, wanted);
        "a pruning"
    }
}
