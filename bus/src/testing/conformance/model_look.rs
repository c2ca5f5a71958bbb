//! Compares the store with the model, row by row.

use std::collections::BTreeMap;

use super::kit::{Must, queue};
use super::model::{QUEUES, Run};
use super::model_law::Model;
use crate::driver::{JobFilter, MAX_BATCH, Order, Page, Selection};
use crate::id::QueueName;
use crate::job::{JobRecord, JobState};

impl Run {
    /// All records and all numbers.
    pub(super) async fn compare(&mut self, when: &str) {
        let mut page = Page {
            after: None,
            limit: MAX_BATCH,
            order: Order::OldestFirst,
        };
        let mut got: Vec<JobRecord> = Vec::new();
        loop {
            let list = self
                .subject
                .driver
                .list(&JobFilter::default(), page)
                .await
                .must();
            got.extend(list.jobs);
            page.after = list.next;
            if list.next.is_none() {
                break;
            }
        }
        assert_eq!(got.len(), self.model.jobs.len(), "{when}");
        for (got, wanted) in got.iter().zip(self.model.jobs.values()) {
            assert_eq!(got, wanted, "{when}");
        }
        let mut wanted: BTreeMap<QueueName, [u64; 7]> = BTreeMap::new();
        for job in self.model.jobs.values() {
            let counts = wanted.entry(job.queue.clone()).or_default();
            counts[usize::from(job.state.code())] += 1;
        }
        let counts = self.subject.driver.counts(None).await.must();
        let counts: BTreeMap<_, _> = counts
            .into_iter()
            .map(|counts| (counts.queue, counts.by_state))
            .collect();
        assert_eq!(counts, wanted, "{when}");
    }

    /// Leaves the store empty for the next run: also a test of the last steps of each life.
    pub(super) async fn clear(mut self) {
        for worker in self.workers.clone() {
            self.subject.driver.retire(worker, self.now).await.must();
        }
        let all = Selection::Fitting(JobFilter::default());
        let driver = &self.subject.driver;
        while driver.delete(&all, MAX_BATCH, self.now).await.must() > 0 {}
        for name in QUEUES {
            driver.resume(&queue(name)).await.must();
        }
        self.model = Model::default();
        self.compare("the end").await;
        for state in JobState::ALL {
            assert_eq!(self.subject.count(state).await, 0);
        }
    }
}
