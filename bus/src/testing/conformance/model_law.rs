//! The model: the contract in the plainest code, on a sorted map. Slow, short, and read beside it.

use super::kit::Must;
use std::collections::{BTreeMap, BTreeSet};

use crate::clock::Timestamp;
use crate::driver::{ClaimRequest, Counted, Ending, Keep, Pushed, Rescue, Settled, Settlement};
use crate::id::{JobId, QueueName, WorkerId};
use crate::job::{Cause, Failure, JobRecord, JobState, NewJob};

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) jobs: BTreeMap<JobId, JobRecord>,
    /// When each known worker's lease ends.
    pub(super) workers: BTreeMap<WorkerId, Timestamp>,
    pub(super) paused: BTreeSet<QueueName>,
}

impl Model {
    pub(super) fn push(&mut self, new: &NewJob, now: Timestamp) -> Pushed {
        if self.jobs.contains_key(&new.id) {
            return Pushed::Duplicate(new.id);
        }
        let state = match new.run_at <= now {
            true => JobState::Available,
            false => JobState::Scheduled,
        };
        let record = JobRecord {
            id: new.id,
            envelope: new.envelope.clone(),
            queue: new.queue.clone(),
            priority: new.priority,
            state,
            run_at: new.run_at,
            created_at: now,
            claimed_at: None,
            ended_at: None,
            keep_until: None,
            deliveries: 0,
            attempts: 0,
            deferrals: 0,
            max_attempts: new.max_attempts,
            extras: new.extras.clone(),
            worker: None,
            cancel_requested: false,
            reason: None,
            output: None,
            failures: Vec::new(),
        };
        self.jobs.insert(new.id, record);
        Pushed::Stored
    }

    pub(super) fn claim(
        &mut self,
        worker: WorkerId,
        request: &ClaimRequest,
        now: Timestamp,
    ) -> Vec<JobId> {
        let mut taken = Vec::new();
        for share in &request.shares {
            if self.paused.contains(&share.queue) {
                continue;
            }
            let due = self.jobs.values().filter(|job| {
                job.state == JobState::Available && job.queue == share.queue && job.run_at <= now
            });
            let mut due: Vec<_> = due
                .map(|job| (job.priority.rank(), job.run_at, job.id))
                .collect();
            due.sort();
            due.truncate(share.limit.min(request.limit - taken.len()));
            for (_, _, id) in due {
                let job = self.job(id);
                job.state = JobState::Running;
                job.worker = Some(worker);
                job.deliveries += 1;
                job.claimed_at = Some(now);
                taken.push(id);
            }
        }
        taken
    }

    pub(super) fn settle(
        &mut self,
        worker: WorkerId,
        settlement: &Settlement,
        now: Timestamp,
    ) -> Settled {
        let lease = &settlement.lease;
        let valid = self.jobs.get(&lease.job).is_some_and(|job| {
            job.state == JobState::Running
                && job.worker == Some(worker)
                && job.deliveries == lease.delivery
        });
        if !valid {
            return Settled::LeaseLost;
        }
        match settlement.target(now) {
            None => {
                self.jobs.remove(&lease.job);
            }
            Some(state) => settle_row(self.job(lease.job), settlement, state, now),
        }
        for new in &settlement.follow {
            self.push(new, now);
        }
        Settled::Applied
    }

    /// Whether it was unknown, and what it should end.
    pub(super) fn beat(&mut self, worker: WorkerId, until: Timestamp) -> (bool, Vec<JobId>) {
        let unknown = self.workers.insert(worker, until).is_none();
        let asked = self.held(worker).filter(|job| job.cancel_requested);
        (unknown, asked.map(|job| job.id).collect())
    }

    pub(super) fn rescue(
        &mut self,
        rescue: &Rescue,
        now: Timestamp,
    ) -> (usize, Vec<JobId>, Vec<WorkerId>) {
        let alive = |worker: &WorkerId| self.workers.get(worker).is_some_and(|&until| until > now);
        let running = self
            .jobs
            .values()
            .filter(|job| job.state == JobState::Running);
        let lost = running.filter_map(|job| Some((job.id, job.worker?)));
        let lost: Vec<(JobId, WorkerId)> = lost
            .filter(|(_, worker)| *worker != rescue.by && !alive(worker))
            .collect();
        let dead = self
            .workers
            .keys()
            .filter(|&worker| *worker != rescue.by && !alive(worker));
        let dead: Vec<WorkerId> = dead.copied().collect();
        let mut retried = 0;
        let mut exhausted = Vec::new();
        for (id, worker) in lost {
            let job = self.job(id);
            job.attempts += 1;
            job.failures.push(Failure::lost(worker, job.attempts, now));
            if job.attempts < u32::from(job.max_attempts) && !job.cancel_requested {
                job.run_at = rescue.retry_at;
                job.state = waiting(job.run_at, JobState::Retryable, now);
                job.worker = None;
                retried += 1;
            } else {
                job.worker = Some(rescue.by);
                job.deliveries += 1;
                job.claimed_at = Some(now);
                exhausted.push(id);
            }
        }
        for worker in &dead {
            self.workers.remove(worker);
        }
        (retried, exhausted, dead)
    }

    pub(super) fn disown(&mut self, worker: WorkerId, held: &[JobId]) -> u64 {
        let lost = self.held(worker).map(|job| job.id);
        let lost: Vec<JobId> = lost.filter(|id| !held.contains(id)).collect();
        for &id in &lost {
            let job = self.job(id);
            job.state = JobState::Available;
            job.worker = None;
        }
        lost.len() as u64
    }

    pub(super) fn promote(&mut self, now: Timestamp) -> usize {
        let waits = |state| matches!(state, JobState::Scheduled | JobState::Retryable);
        let due = self.jobs.values_mut();
        let due = due.filter(|job| waits(job.state) && job.run_at <= now);
        due.map(|job| job.state = JobState::Available).count()
    }

    pub(super) fn prune(&mut self, now: Timestamp) -> u64 {
        let before = self.jobs.len();
        self.jobs.retain(|_, job| {
            !(job.state.is_final() && job.keep_until.is_some_and(|until| until <= now))
        });
        (before - self.jobs.len()) as u64
    }

    pub(super) fn retry(&mut self, ids: &[JobId], now: Timestamp) -> u64 {
        let mut count = 0;
        for id in ids {
            let Some(job) = self.jobs.get_mut(id) else {
                continue;
            };
            if !job.state.may(Cause::Retry, JobState::Available) {
                continue;
            }
            job.state = JobState::Available;
            job.run_at = now;
            job.attempts = 0;
            job.cancel_requested = false;
            (job.reason, job.output) = (None, None);
            (job.ended_at, job.keep_until) = (None, None);
            count += 1;
        }
        count
    }

    pub(super) fn cancel(
        &mut self,
        ids: &[JobId],
        reason: &str,
        keep: Keep,
        now: Timestamp,
    ) -> (u64, u64) {
        let (mut cancelled, mut requested) = (0, 0);
        for id in ids {
            let Some(job) = self.jobs.get_mut(id) else {
                continue;
            };
            if job.state.is_waiting() {
                job.state = JobState::Cancelled;
                end(job, Some(reason), keep, now);
                cancelled += 1;
            } else if job.state == JobState::Running && !job.cancel_requested {
                job.cancel_requested = true;
                requested += 1;
            }
        }
        (cancelled, requested)
    }

    pub(super) fn delete(&mut self, ids: &[JobId]) -> u64 {
        let mut count = 0;
        for id in ids {
            if self
                .jobs
                .get(id)
                .is_some_and(|job| job.state != JobState::Running)
            {
                self.jobs.remove(id);
                count += 1;
            }
        }
        count
    }

    fn job(&mut self, id: JobId) -> &mut JobRecord {
        self.jobs.get_mut(&id).must()
    }

    fn held(&self, worker: WorkerId) -> impl Iterator<Item = &JobRecord> {
        self.jobs
            .values()
            .filter(move |job| job.worker == Some(worker))
    }
}

fn settle_row(job: &mut JobRecord, settlement: &Settlement, state: JobState, now: Timestamp) {
    job.state = state;
    job.worker = None;
    match settlement.counted {
        Counted::Attempt => job.attempts += 1,
        Counted::Deferral => job.deferrals += 1,
        Counted::Nothing => {}
    }
    job.failures.extend(settlement.failure.as_deref().cloned());
    match &settlement.ending {
        Ending::Completed { output, keep } => {
            job.output = output.clone();
            end(job, None, *keep, now);
        }
        Ending::Cancelled { reason, keep } | Ending::Dead { reason, keep } => {
            end(job, Some(reason), *keep, now);
        }
        Ending::Retry { at } | Ending::Defer { at } => job.run_at = *at,
        Ending::Release => {}
    }
}

fn waiting(run_at: Timestamp, later: JobState, now: Timestamp) -> JobState {
    match run_at <= now {
        true => JobState::Available,
        false => later,
    }
}

fn end(job: &mut JobRecord, reason: Option<&str>, keep: Keep, now: Timestamp) {
    job.reason = reason.map(str::to_owned);
    job.ended_at = Some(now);
    job.keep_until = match keep {
        Keep::Drop => Some(now),
        Keep::Until(until) => Some(until),
        Keep::Forever => None,
    };
}
