//! What people look at: jobs, pages of them, numbers, queues.

use std::ops::Bound;

use super::rows::Slot;
use super::store::{IdKey, Store};
use crate::driver::{JobFilter, JobPage, MAX_BATCH, Order, Page, QueueCounts, QueueInfo};
use crate::id::{JobId, QueueName};
use crate::job::JobRecord;

impl Store {
    pub(super) fn job(&self, id: JobId) -> Option<&JobRecord> {
        let slot = self.ids.get(id.into())?;
        Some(&self.rows.get(slot).job)
    }

    /// Adds what fits among the next [`MAX_BATCH`] rows; says where to go on, `None` at the end.
    /// One more job than the page holds tells that another page follows.
    pub(super) fn look(
        &self,
        filter: &JobFilter,
        page: &Page,
        after: Option<JobId>,
        found: &mut Vec<JobRecord>,
    ) -> Option<JobId> {
        let after = after.map(IdKey::from);
        let mut seen = None;
        let mut visit = |(id, slot): (IdKey, Slot)| {
            seen = Some(JobId::from(id));
            let job = &self.rows.get(slot).job;
            if filter.fits(job) {
                found.push(job.clone());
            }
            found.len() > page.limit
        };
        // `any` stops when the page is full.
        let full = match page.order {
            Order::OldestFirst => {
                let from = after.map_or(Bound::Unbounded, Bound::Excluded);
                self.ids.ascending(from).take(MAX_BATCH).any(&mut visit)
            }
            Order::NewestFirst => self.ids.descending(after).take(MAX_BATCH).any(&mut visit),
        };
        seen.filter(|_| !full)
    }

    pub(super) fn counts(&self, queue: Option<&QueueName>) -> Vec<QueueCounts> {
        let numbers = |queue: &super::queues::Queue| QueueCounts {
            oldest_due: queue.oldest_due(),
            ..queue.counts.clone()
        };
        match queue {
            None => {
                let with_jobs = self.queues.known().map(numbers);
                with_jobs
                    .filter(|counts| counts.by_state.iter().any(|&count| count > 0))
                    .collect()
            }
            Some(name) => {
                let number = self.queues.number(name);
                let counts = number.map(|number| numbers(self.queues.get(number)));
                vec![counts.unwrap_or_else(|| QueueCounts::empty(name.clone()))]
            }
        }
    }

    pub(super) fn queue_list(&self) -> Vec<QueueInfo> {
        let info = |queue: &super::queues::Queue| QueueInfo {
            name: queue.counts.queue.clone(),
            paused: queue.paused.clone(),
        };
        self.queues.known().map(info).collect()
    }
}

/// The page of what was found; one job too many means that another page follows.
pub(super) fn page_of(mut jobs: Vec<JobRecord>, limit: usize) -> JobPage {
    let more = jobs.len() > limit;
    jobs.truncate(limit);
    let next = jobs.last().filter(|_| more).map(|job| job.id);
    JobPage { jobs, next }
}
