//! The short way: jobs stored in the hands of a worker that has room for them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use crate::clock::Timestamp;
use crate::driver::{Claimed, HandOff};
use crate::id::{QueueName, WorkerId};
use crate::job::NewJob;

/// The workers that may be asked.
#[derive(Debug, Default)]
pub(super) struct Offers {
    workers: RwLock<Vec<Weak<dyn HandOff>>>,
}

impl Offers {
    pub(super) fn add(&self, worker: Weak<dyn HandOff>) {
        let mut workers = self.workers.write().unwrap_or_else(PoisonError::into_inner);
        workers.retain(|worker| worker.strong_count() > 0);
        workers.push(worker);
    }

    /// Asks the workers how many of these jobs they take. The most urgent of a queue go first.
    pub(super) fn reserve(&self, jobs: &[NewJob], now: Timestamp) -> Taken {
        let workers = self.workers.read().unwrap_or_else(PoisonError::into_inner);
        let workers: Vec<_> = workers.iter().filter_map(Weak::upgrade).collect();
        if workers.is_empty() {
            return Taken::default();
        }
        let mut by_queue: HashMap<&QueueName, Vec<usize>> = HashMap::new();
        for (number, job) in jobs.iter().enumerate().filter(|(_, job)| job.run_at <= now) {
            by_queue.entry(&job.queue).or_default().push(number);
        }
        let mut taken = Taken {
            by_job: vec![None; jobs.len()],
            hands: Vec::new(),
        };
        for (queue, mut due) in by_queue {
            due.sort_by_key(|&number| (jobs[number].priority.rank(), jobs[number].run_at, number));
            let mut due = due.into_iter();
            for worker in &workers {
                if due.len() == 0 {
                    break;
                }
                // A worker that says more than it was asked is given what there is.
                let count = worker.reserve(queue, due.len()).min(due.len());
                if count == 0 {
                    continue;
                }
                for number in due.by_ref().take(count) {
                    taken.by_job[number] = Some(taken.hands.len());
                }
                taken.hands.push(Hand {
                    id: worker.worker(),
                    worker: Arc::clone(worker),
                    queue: queue.clone(),
                    reserved: count,
                    jobs: Vec::with_capacity(count),
                });
            }
        }
        taken
    }
}

/// Which jobs of a push go to whom.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// By the job's number, the number of the hand; empty if nobody takes any.
    by_job: Vec<Option<usize>>,
    hands: Vec<Hand>,
}

/// What one worker takes of one queue.
#[derive(Debug)]
struct Hand {
    worker: Arc<dyn HandOff>,
    id: WorkerId,
    queue: QueueName,
    reserved: usize,
    jobs: Vec<Claimed>,
}

impl Taken {
    fn hand(&mut self, number: usize) -> Option<&mut Hand> {
        let hand = self.by_job.get(number).copied().flatten()?;
        self.hands.get_mut(hand)
    }

    /// Who takes this job.
    pub(super) fn worker(&mut self, number: usize) -> Option<WorkerId> {
        self.hand(number).map(|hand| hand.id)
    }

    /// The job is stored; as it was claimed, if it was.
    pub(super) fn stored(&mut self, number: usize, claimed: Option<Claimed>) {
        if let Some(hand) = self.hand(number) {
            hand.jobs.extend(claimed);
        }
    }

    /// All is stored and unlocked: gives each worker its jobs, and its room for the others back.
    pub(super) fn hand_over(self) {
        for hand in self.hands {
            let short = hand.reserved - hand.jobs.len();
            if !hand.jobs.is_empty() {
                hand.worker.deliver(hand.jobs);
            }
            if short > 0 {
                hand.worker.release(&hand.queue, short, false);
            }
        }
    }
}
