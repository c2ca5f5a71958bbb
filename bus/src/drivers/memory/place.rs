//! Puts rows where their state belongs, and takes them out: the one place that knows the indexes.

use bytes::Bytes;

use super::queues::Place;
use super::rows::{Row, Slot};
use super::store::Store;
use crate::id::JobId;
use crate::job::JobState;

impl Store {
    /// Takes the row out of the index of its state. It must be [`put`](Self::put) or
    /// [`removed`](Self::removed) next.
    pub(super) fn lift(&mut self, slot: Slot) {
        let row = self.rows.get(slot);
        let queue = self.queues.get_mut(row.queue);
        queue.counts.by_state[usize::from(row.job.state.code())] -= 1;
        match row.job.state {
            JobState::Available => {
                queue.ready.remove(Place::in_queue(row));
            }
            JobState::Scheduled | JobState::Retryable => {
                self.waiting.remove(&Place::in_time(row.job.run_at, row));
            }
            JobState::Running => self.let_go(slot),
            JobState::Completed | JobState::Cancelled | JobState::Dead => {
                if let Some(until) = row.job.keep_until {
                    self.expiring.remove(&Place::in_time(until, row));
                }
            }
        }
    }

    /// Puts the row into the index of its state.
    pub(super) fn put(&mut self, slot: Slot) {
        let row = self.rows.get_mut(slot);
        let queue = self.queues.get_mut(row.queue);
        queue.counts.add(row.job.state, 1);
        match row.job.state {
            JobState::Available => {
                queue.ready.insert(Place::in_queue(row), slot);
            }
            JobState::Scheduled | JobState::Retryable => {
                let place = Place::in_time(row.job.run_at, row);
                self.waiting.insert(place, slot);
            }
            JobState::Running => {
                let worker = row.job.worker.expect("a running row names its worker");
                let worker = self.workers.entry(worker).or_default();
                worker.asked += usize::from(row.job.cancel_requested);
                row.held_at = u32::try_from(worker.held.len()).expect("fewer than rows");
                worker.held.push(slot);
            }
            JobState::Completed | JobState::Cancelled | JobState::Dead => {
                if let Some(until) = row.job.keep_until {
                    self.expiring.insert(Place::in_time(until, row), slot);
                }
            }
        }
    }

    /// Moves the row: out of its index, changed, into the index of its new state.
    pub(super) fn change(&mut self, slot: Slot, change: impl FnOnce(&mut Row)) {
        self.lift(slot);
        change(self.rows.get_mut(slot));
        self.put(slot);
    }

    /// The lifted row leaves the store; its payload is for the caller to drop.
    pub(super) fn removed(&mut self, slot: Slot) -> (JobId, Bytes) {
        let (id, body) = self.rows.remove(slot);
        self.ids.remove(id.into());
        (id, body)
    }

    /// The row's worker holds it no more.
    fn let_go(&mut self, slot: Slot) {
        let row = self.rows.get_mut(slot);
        let at = row.held_at as usize;
        let asked = usize::from(row.job.cancel_requested);
        let id = row
            .job
            .worker
            .take()
            .expect("a running row names its worker");
        let worker = self
            .workers
            .get_mut(&id)
            .expect("who holds a row is in the list");
        worker.asked -= asked;
        worker.held.swap_remove(at);
        if let Some(&moved) = worker.held.get(at) {
            self.rows.get_mut(moved).held_at = u32::try_from(at).expect("it was one before");
        } else if worker.held.is_empty() && worker.info.is_none() {
            self.workers.remove(&id);
        }
    }
}
