//! The hot path: storing, taking, settling.

use bytes::Bytes;

use super::queues::Place;
use super::rows::Row;
use super::store::{IdKey, Store, Woken};
use crate::clock::Timestamp;
use crate::driver::{
    ClaimRequest, Claimed, Claims, Counted, Ending, Keep, MAX_BATCH, Pushed, Settled, Settlement,
};
use crate::id::{JobId, WorkerId};
use crate::job::{Failure, JobRecord, JobState, NewJob};

impl Store {
    /// Stores one job, in the hands of `worker` if one takes it at once.
    pub(super) fn push(
        &mut self,
        job: NewJob,
        worker: Option<WorkerId>,
        now: Timestamp,
        woken: &mut Woken,
    ) -> (Pushed, Option<Claimed>) {
        let id = job.id;
        let key = IdKey::from(id);
        if self.ids.get(key).is_some() {
            return (Pushed::Duplicate(id), None);
        }
        let queue = self.queues.number_or_new(&job.queue);
        let due = job.run_at <= now;
        let worker = worker.filter(|_| due && self.queues.get(queue).paused.is_none());
        let row = Row {
            job: record(job, worker, now),
            arrival: self.arrivals,
            queue,
            held_at: 0,
        };
        self.arrivals += 1;
        let slot = self.rows.insert(row);
        self.ids.insert(key, slot);
        self.put(slot);
        if due && worker.is_none() {
            woken.add(queue);
        }
        let taken = worker.map(|_| self.rows.get(slot).claimed(slot));
        (Pushed::Stored, taken)
    }

    /// Takes due jobs for a worker. What waited for its time and is due now is due in its queue
    /// before; `woken` are the queues that got such jobs.
    pub(super) fn claim(
        &mut self,
        worker: WorkerId,
        request: &ClaimRequest,
        now: Timestamp,
        woken: &mut Woken,
    ) -> Claims {
        self.promote(MAX_BATCH, now, woken);
        let mut left = request.limit.min(MAX_BATCH);
        let mut claims = Claims::default();
        for share in &request.shares {
            let Some(number) = self.queues.number(&share.queue) else {
                continue;
            };
            let most = left.min(share.limit);
            let there = self.queues.get(number).ready.len();
            claims.jobs.reserve(most.min(there));
            for _ in 0..most {
                let queue = self.queues.get_mut(number);
                if queue.paused.is_some() {
                    break;
                }
                let Some(slot) = queue.take(now) else {
                    break;
                };
                queue.counts.by_state[usize::from(JobState::Available.code())] -= 1;
                let row = self.rows.get_mut(slot);
                row.job.state = JobState::Running;
                row.job.worker = Some(worker);
                row.job.deliveries += 1;
                row.job.claimed_at = Some(now);
                claims.jobs.push(row.claimed(slot));
                self.put(slot);
                left -= 1;
            }
        }
        claims.cancelled = self.asked_to_end(worker);
        claims.next_due = self.next_due();
        claims
    }

    /// When the next waiting job is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.waiting.keys().next().map(|place| place.time())
    }

    /// The running jobs of a worker that a person asked to end.
    pub(super) fn asked_to_end(&self, worker: WorkerId) -> Vec<JobId> {
        let Some(worker) = self.workers.get(&worker).filter(|worker| worker.asked > 0) else {
            return Vec::new();
        };
        let jobs = worker.held.iter().map(|&slot| &self.rows.get(slot).job);
        jobs.filter(|job| job.cancel_requested)
            .map(|job| job.id)
            .collect()
    }

    /// Applies one outcome; if the row leaves the store, its payload is handed back to be dropped.
    pub(super) fn settle(
        &mut self,
        worker: WorkerId,
        settlement: &Settlement,
        now: Timestamp,
        woken: &mut Woken,
    ) -> (Settled, Option<Bytes>) {
        let lease = &settlement.lease;
        let found = self.rows.find(lease.token);
        let Some((slot, _)) = found.filter(|(_, row)| row.is_leased(worker, lease)) else {
            return (Settled::LeaseLost, None);
        };
        let target = settlement.target(now);
        self.lift(slot);
        let gone = match target {
            None => Some(self.removed(slot).1),
            Some(state) => {
                let row = self.rows.get_mut(slot);
                apply(&mut row.job, settlement, state, now);
                if state == JobState::Available {
                    woken.add(row.queue);
                }
                self.put(slot);
                None
            }
        };
        for job in &settlement.follow {
            self.push(job.clone(), None, now, woken);
        }
        (Settled::Applied, gone)
    }

    /// Makes due jobs available, the earliest first; says how many.
    pub(super) fn promote(&mut self, limit: usize, now: Timestamp, woken: &mut Woken) -> usize {
        let mut count = 0;
        while count < limit
            && let Some(first) = self.waiting.first_entry()
            && first.key().time() <= now
        {
            let slot = first.remove();
            let row = self.rows.get_mut(slot);
            let queue = self.queues.get_mut(row.queue);
            queue.counts.by_state[usize::from(row.job.state.code())] -= 1;
            queue.counts.add(JobState::Available, 1);
            row.job.state = JobState::Available;
            queue.ready.insert(Place::in_queue(row), slot);
            woken.add(row.queue);
            count += 1;
        }
        count
    }
}

fn record(job: NewJob, worker: Option<WorkerId>, now: Timestamp) -> JobRecord {
    let state = match worker {
        Some(_) => JobState::Running,
        None if job.run_at <= now => JobState::Available,
        None => JobState::Scheduled,
    };
    JobRecord {
        id: job.id,
        envelope: job.envelope,
        queue: job.queue,
        priority: job.priority,
        state,
        run_at: job.run_at,
        created_at: now,
        claimed_at: worker.map(|_| now),
        ended_at: None,
        keep_until: None,
        deliveries: u32::from(worker.is_some()),
        attempts: 0,
        deferrals: 0,
        max_attempts: job.max_attempts,
        extras: job.extras,
        worker,
        cancel_requested: false,
        reason: None,
        output: None,
        failures: Vec::new(),
    }
}

/// Writes an outcome into a job that stays.
fn apply(job: &mut JobRecord, settlement: &Settlement, state: JobState, now: Timestamp) {
    job.state = state;
    match settlement.counted {
        Counted::Attempt => job.attempts += 1,
        Counted::Deferral => job.deferrals += 1,
        Counted::Nothing => {}
    }
    if let Some(failure) = settlement.failure.as_deref() {
        remember(job, failure.clone());
    }
    match &settlement.ending {
        Ending::Completed { output, keep } => {
            job.output.clone_from(output);
            end(job, None, *keep, now);
        }
        Ending::Cancelled { reason, keep } | Ending::Dead { reason, keep } => {
            end(job, Some(reason), *keep, now);
        }
        Ending::Retry { at } | Ending::Defer { at } => job.run_at = *at,
        Ending::Release => {}
    }
}

/// Writes an end into a job whose row stays; not to be kept is to be kept until now.
pub(super) fn end(job: &mut JobRecord, reason: Option<&str>, keep: Keep, now: Timestamp) {
    job.reason = reason.map(str::to_owned);
    job.ended_at = Some(now);
    job.keep_until = match keep {
        Keep::Drop => Some(now),
        Keep::Until(until) => Some(until),
        Keep::Forever => None,
    };
}

/// Appends to a job's history; the oldest lines go.
pub(super) fn remember(job: &mut JobRecord, failure: Failure) {
    if job.failures.len() >= Failure::KEPT {
        job.failures.drain(..=job.failures.len() - Failure::KEPT);
    }
    job.failures.push(failure);
}
