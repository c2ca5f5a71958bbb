//! Jobs that skip the queue: stored already leased to a worker of this process.

use std::collections::HashMap;
use std::sync::Arc;

use super::jobs::{Due, Pushing};
use crate::driver::{Claimed, HandOff};
use crate::id::{QueueName, WorkerId};

/// Which jobs of a batch are reserved for which of the workers that offered.
#[derive(Debug, Default)]
pub(super) struct Reserved {
    offers: Vec<(Arc<dyn HandOff>, WorkerId)>,
    /// For each item of the batch the number of its offer; empty if none is reserved.
    places: Vec<Option<usize>>,
}

impl Reserved {
    /// Asks the workers which of the due jobs they take at once.
    pub(super) fn take(offers: &[Arc<dyn HandOff>], batch: &mut [Pushing]) -> Self {
        let due = |item: &Pushing| item.job.is_some() && matches!(item.due, Due::Now);
        if offers.is_empty() || !batch.iter().any(due) {
            return Self::default();
        }
        let mut by_queue: HashMap<QueueName, Vec<usize>> = HashMap::new();
        for (at, item) in batch.iter().enumerate().filter(|(_, item)| due(item)) {
            by_queue.entry(item.queue.clone()).or_default().push(at);
        }
        let mut places = vec![None; batch.len()];
        for (queue, items) in by_queue {
            let mut rest = &*items;
            for (number, offer) in offers.iter().enumerate() {
                if rest.is_empty() {
                    break;
                }
                let (mine, left) = rest.split_at(offer.reserve(&queue, rest.len()).min(rest.len()));
                for &at in mine {
                    places[at] = Some(number);
                }
                rest = left;
            }
        }
        Self {
            offers: offers
                .iter()
                .map(|offer| (Arc::clone(offer), offer.worker()))
                .collect(),
            places,
        }
    }

    fn place(&self, at: usize) -> Option<usize> {
        self.places.get(at).copied().flatten()
    }

    /// Whose the item is to be.
    pub(super) fn worker(&self, at: usize) -> Option<WorkerId> {
        self.place(at).map(|number| self.offers[number].1)
    }

    /// The batch failed, and it is known that nothing was stored unless `unsure`.
    pub(super) fn failed(self, batch: &[Pushing], unsure: bool) {
        for (at, item) in batch.iter().enumerate() {
            if let Some(number) = self.place(at) {
                self.offers[number].0.release(&item.queue, 1, unsure);
            }
        }
    }

    /// The batch is stored: `h` says which jobs are leased as asked.
    pub(super) fn stored(self, batch: Vec<Pushing>, letters: &[u8]) {
        let mut handed: Vec<Vec<Claimed>> = self.offers.iter().map(|_| Vec::new()).collect();
        for (at, item) in batch.into_iter().enumerate() {
            let Some(number) = self.place(at) else {
                continue;
            };
            match item.job {
                Some(job) if letters.get(at) == Some(&b'h') => {
                    handed[number].push(Claimed::handed(job, 0, item.now));
                }
                _ => self.offers[number].0.release(&item.queue, 1, false),
            }
        }
        for ((offer, _), jobs) in self.offers.iter().zip(handed) {
            if !jobs.is_empty() {
                offer.deliver(jobs);
            }
        }
    }
}
