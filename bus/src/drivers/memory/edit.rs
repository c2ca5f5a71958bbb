//! What people do to jobs: retry, cancel, delete; to queues: pause, resume.

use std::ops::Bound;

use bytes::Bytes;

use super::jobs::end;
use super::rows::Slot;
use super::store::{IdKey, Store, Woken};
use crate::clock::Timestamp;
use crate::driver::{CancelCount, JobFilter, Keep, MAX_BATCH, Pause, Selection};
use crate::id::{JobId, QueueName};
use crate::job::{Cause, JobState, MOVES, Move};

/// How far a selection has been worked through.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cursor {
    /// So many of the ids given.
    Given(usize),
    /// All ids up to this one.
    Upto(Option<IdKey>),
    /// Done.
    End,
}

impl Cursor {
    pub(super) const fn start(selection: &Selection) -> Self {
        match selection {
            Selection::Ids(_) => Self::Given(0),
            Selection::Fitting(_) => Self::Upto(None),
        }
    }
}

impl Store {
    /// The next rows of a selection, of at most [`MAX_BATCH`] looked at.
    pub(super) fn select(&self, selection: &Selection, cursor: &mut Cursor) -> Vec<Slot> {
        match (selection, *cursor) {
            (Selection::Ids(ids), Cursor::Given(done)) => {
                let end = ids.len().min(done + MAX_BATCH);
                *cursor = if end == ids.len() {
                    Cursor::End
                } else {
                    Cursor::Given(end)
                };
                let slot = |id: &JobId| self.ids.get(IdKey::from(*id));
                ids[done..end].iter().filter_map(slot).collect()
            }
            (Selection::Fitting(filter), Cursor::Upto(after)) => {
                self.fitting(filter, after, cursor)
            }
            _ => Vec::new(),
        }
    }

    fn fitting(&self, filter: &JobFilter, after: Option<IdKey>, cursor: &mut Cursor) -> Vec<Slot> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.ids.ascending(from).take(MAX_BATCH);
        let mut last = None;
        let fitting = rows.filter(|&(id, slot)| {
            last = Some(id);
            filter.fits(&self.rows.get(slot).job)
        });
        let fitting = fitting.map(|(_, slot)| slot).collect();
        *cursor = last.map_or(Cursor::End, |last| Cursor::Upto(Some(last)));
        fitting
    }

    /// Puts one job back; says whether that was possible.
    pub(super) fn retry(&mut self, slot: Slot, now: Timestamp, woken: &mut Woken) -> bool {
        let row = self.rows.get(slot);
        if !row.job.state.may(Cause::Retry, JobState::Available) {
            return false;
        }
        woken.add(row.queue);
        self.change(slot, |row| {
            let job = &mut row.job;
            job.state = JobState::Available;
            job.run_at = now;
            job.attempts = 0;
            job.cancel_requested = false;
            job.reason = None;
            job.output = None;
            job.ended_at = None;
            job.keep_until = None;
        });
        true
    }

    /// Cancels one job or asks it to end, and counts that.
    pub(super) fn cancel(
        &mut self,
        slot: Slot,
        reason: &str,
        keep: Keep,
        now: Timestamp,
        count: &mut CancelCount,
        woken: &mut Woken,
    ) {
        let row = self.rows.get(slot);
        if row.job.state.may(Cause::Cancel, JobState::Cancelled) {
            self.change(slot, |row| {
                row.job.state = JobState::Cancelled;
                end(&mut row.job, Some(reason), keep, now);
            });
            count.cancelled += 1;
        } else if row.job.state == JobState::Running && !row.job.cancel_requested {
            let (worker, queue) = (row.job.worker, row.queue);
            self.rows.get_mut(slot).job.cancel_requested = true;
            let worker = worker.and_then(|worker| self.workers.get_mut(&worker));
            worker.expect("a running row's worker is in the list").asked += 1;
            count.requested += 1;
            woken.add(queue);
        }
    }

    /// Deletes one job, if its state allows it.
    pub(super) fn delete(&mut self, slot: Slot) -> Option<(JobId, Bytes)> {
        let step = Move {
            from: Some(self.rows.get(slot).job.state),
            cause: Cause::Delete,
            to: None,
        };
        MOVES.contains(&step).then(|| {
            self.lift(slot);
            self.removed(slot)
        })
    }

    pub(super) fn pause(
        &mut self,
        queue: &QueueName,
        reason: Option<&str>,
        now: Timestamp,
    ) -> bool {
        let number = self.queues.number_or_new(queue);
        let queue = self.queues.get_mut(number);
        if queue.paused.is_some() {
            return false;
        }
        queue.paused = Some(Pause {
            since: now,
            reason: reason.map(str::to_owned),
        });
        true
    }

    pub(super) fn resume(&mut self, queue: &QueueName, woken: &mut Woken) -> bool {
        let Some(number) = self.queues.number(queue) else {
            return false;
        };
        let ended = self.queues.get_mut(number).paused.take().is_some();
        if ended {
            woken.add(number);
        }
        ended
    }
}
