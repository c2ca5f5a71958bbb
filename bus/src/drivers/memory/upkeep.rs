//! Workers' lives and the upkeep: heartbeat, disown, retire, rescue, prune.

use bytes::Bytes;

use super::jobs::remember;
use super::rows::Slot;
use super::store::{Store, Woken};
use crate::clock::Timestamp;
use crate::driver::{Heartbeat, MAX_BATCH, Rescue, Rescued, WorkerInfo};
use crate::id::{JobId, WorkerId};
use crate::job::{Failure, JobState};

impl Store {
    pub(super) fn heartbeat(&mut self, info: &WorkerInfo, now: Timestamp) -> Heartbeat {
        let worker = self.workers.entry(info.id).or_default();
        let registered = worker.info.is_none();
        worker.info = Some(WorkerInfo {
            expires_at: now + info.lease,
            ..info.clone()
        });
        Heartbeat {
            cancelled: self.asked_to_end(info.id),
            registered,
            store_time: None,
        }
    }

    /// Gives back at most a batch of what the worker holds and does not name (`held` is sorted).
    pub(super) fn disown(&mut self, worker: WorkerId, held: &[JobId], woken: &mut Woken) -> usize {
        let Some(entry) = self.workers.get(&worker) else {
            return 0;
        };
        let id = |slot: Slot| self.rows.get(slot).job.id;
        let lost = entry.held.iter().copied();
        let lost = lost.filter(|&slot| held.binary_search(&id(slot)).is_err());
        let lost: Vec<Slot> = lost.take(MAX_BATCH).collect();
        for &slot in &lost {
            woken.add(self.rows.get(slot).queue);
            self.change(slot, |row| row.job.state = JobState::Available);
        }
        lost.len()
    }

    /// The worker is no longer registered.
    pub(super) fn deregister(&mut self, worker: WorkerId) {
        if let Some(entry) = self.workers.get_mut(&worker) {
            entry.info = None;
            if entry.held.is_empty() {
                self.workers.remove(&worker);
            }
        }
    }

    pub(super) fn rescue(&mut self, rescue: &Rescue, now: Timestamp, woken: &mut Woken) -> Rescued {
        let mut rescued = Rescued::default();
        let lost = self.workers.iter();
        let lost = lost.filter(|&(&id, worker)| id != rescue.by && worker.is_lost(now));
        let lost: Vec<WorkerId> = lost.map(|(&id, _)| id).collect();
        for id in lost {
            let left = rescue.limit.min(MAX_BATCH) - rescued.moved();
            let worker = &self.workers[&id];
            let jobs: Vec<Slot> = worker.held.iter().copied().take(left).collect();
            let registered = worker.info.is_some();
            if jobs.len() == worker.held.len() && registered {
                rescued.buried.push(id);
            }
            for slot in jobs {
                self.rescue_job(slot, id, rescue, now, &mut rescued, woken);
            }
            if rescued.buried.last() == Some(&id) {
                self.deregister(id);
            }
        }
        rescued
    }

    fn rescue_job(
        &mut self,
        slot: Slot,
        lost: WorkerId,
        rescue: &Rescue,
        now: Timestamp,
        rescued: &mut Rescued,
        woken: &mut Woken,
    ) {
        let mut goes_on = false;
        self.change(slot, |row| {
            let job = &mut row.job;
            job.attempts += 1;
            remember(job, Failure::lost(lost, job.attempts, now));
            goes_on = job.attempts < u32::from(job.max_attempts) && !job.cancel_requested;
            if goes_on {
                job.run_at = rescue.retry_at;
                job.state = match job.run_at <= now {
                    true => JobState::Available,
                    false => JobState::Retryable,
                };
            } else {
                job.worker = Some(rescue.by);
                job.deliveries += 1;
                job.claimed_at = Some(now);
            }
        });
        let row = self.rows.get(slot);
        if row.job.state == JobState::Available {
            woken.add(row.queue);
        }
        if goes_on {
            rescued.retried += 1;
        } else {
            rescued.exhausted.push(row.claimed(slot));
        }
    }

    /// Removes what need not be kept any longer.
    pub(super) fn prune(&mut self, limit: usize, now: Timestamp) -> Vec<Bytes> {
        let mut gone = Vec::new();
        while gone.len() < limit.min(MAX_BATCH)
            && let Some((place, &slot)) = self.expiring.first_key_value()
            && place.time() <= now
        {
            self.lift(slot);
            gone.push(self.removed(slot).1);
        }
        self.queues.sweep();
        gone
    }
}
