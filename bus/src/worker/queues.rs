//! From which queues to take, in which order, and how many from each.

use crate::driver::{ClaimRequest, QueueShare};
use crate::id::QueueName;

/// The queues of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum QueueOrder {
    /// Each queue that the store knows, evenly.
    All,
    /// These; each only while those before it are empty.
    Strict(Vec<QueueName>),
    /// These, each with its share of the work while all have some.
    Weighted(Vec<(QueueName, u32)>),
}

/// The order of a worker with what it needs to remember.
#[derive(Debug)]
pub(super) struct Queues {
    order: QueueOrder,
    /// Of a weighted order: what each queue was given too little so far, in parts of one job.
    weighted: Vec<Weighted>,
}

#[derive(Debug)]
struct Weighted {
    queue: QueueName,
    weight: u64,
    owed: u64,
}

impl Queues {
    pub(super) fn new(order: QueueOrder) -> Self {
        let weighted = match &order {
            QueueOrder::Weighted(queues) => queues.clone(),
            QueueOrder::All => vec![(QueueName::DEFAULT, 1)],
            QueueOrder::Strict(_) => Vec::new(),
        };
        let mut queues = Self {
            order,
            weighted: Vec::new(),
        };
        for (queue, weight) in weighted {
            queues.add(queue, weight);
        }
        queues
    }

    /// Whether it is new.
    fn add(&mut self, queue: QueueName, weight: u32) -> bool {
        let new = self.weighted.iter().all(|known| known.queue != queue);
        if new {
            self.weighted.push(Weighted {
                queue,
                weight: u64::from(weight.max(1)),
                owed: 0,
            });
        }
        new
    }

    /// The store has these queues: a worker of all takes from them too. Whether it learned of one.
    pub(super) fn discovered(&mut self, queues: impl IntoIterator<Item = QueueName>) -> bool {
        let mut learned = false;
        if self.order == QueueOrder::All {
            for queue in queues {
                learned |= self.add(queue, 1);
            }
        }
        learned
    }

    pub(super) fn takes_all(&self) -> bool {
        self.order == QueueOrder::All
    }

    /// Whether jobs of this queue are taken.
    pub(super) fn has(&self, queue: &QueueName) -> bool {
        match &self.order {
            QueueOrder::All => true,
            QueueOrder::Strict(queues) => queues.contains(queue),
            QueueOrder::Weighted(queues) => queues.iter().any(|(known, _)| known == queue),
        }
    }

    /// The queues by name, for people.
    pub(super) fn names(&self) -> Vec<QueueName> {
        match &self.order {
            QueueOrder::Strict(queues) => queues.clone(),
            _ => self
                .weighted
                .iter()
                .map(|known| known.queue.clone())
                .collect(),
        }
    }

    /// The request for up to `limit` jobs.
    pub(super) fn request(&mut self, limit: usize) -> ClaimRequest {
        match &self.order {
            QueueOrder::Strict(queues) => ClaimRequest::strict(queues.iter().cloned(), limit),
            _ if self.weighted.len() == 1 => {
                ClaimRequest::one(self.weighted[0].queue.clone(), limit)
            }
            _ => self.weigh(limit),
        }
    }

    /// Gives each queue its share; what the shares leave over may come from any queue. The queue
    /// that is owed most goes first, so that even requests for one job keep to the weights.
    fn weigh(&mut self, limit: usize) -> ClaimRequest {
        let total: u64 = self.weighted.iter().map(|queue| queue.weight).sum();
        let wanted = u64::try_from(limit).unwrap_or(u64::MAX);
        for queue in &mut self.weighted {
            // A queue that had nothing for long is not owed more than this one request.
            let due = queue
                .owed
                .saturating_add(queue.weight.saturating_mul(wanted));
            queue.owed = due.min(total.saturating_mul(wanted.saturating_add(1)));
        }
        let mut order: Vec<usize> = (0..self.weighted.len()).collect();
        order.sort_by_key(|&at| std::cmp::Reverse(self.weighted[at].owed));
        let mut shares = Vec::with_capacity(order.len() * 2);
        let mut left = wanted;
        for &at in &order {
            let queue = &mut self.weighted[at];
            let share = queue.owed.div_ceil(total).min(left);
            if share > 0 {
                queue.owed = queue.owed.saturating_sub(share * total);
                left -= share;
                shares.push(QueueShare {
                    queue: queue.queue.clone(),
                    limit: usize::try_from(share).unwrap_or(limit),
                });
            }
        }
        shares.extend(order.iter().map(|&at| QueueShare {
            queue: self.weighted[at].queue.clone(),
            limit,
        }));
        ClaimRequest { shares, limit }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn weighted() -> Queues {
        let queue = |name, weight| (QueueName::from_static(name), weight);
        Queues::new(QueueOrder::Weighted(vec![
            queue("critical", 3),
            queue("default", 1),
        ]))
    }

    /// What a store with plenty in each queue would give.
    fn taken(request: &ClaimRequest) -> HashMap<String, usize> {
        let mut left = request.limit;
        let mut taken = HashMap::new();
        for share in &request.shares {
            let given = share.limit.min(left);
            left -= given;
            *taken.entry(share.queue.to_string()).or_default() += given;
        }
        taken
    }

    #[test]
    fn weights_hold_for_large_requests_and_over_many_small_ones() {
        let large = taken(&weighted().request(100));
        assert_eq!((large["critical"], large["default"]), (75, 25));
        let mut queues = weighted();
        let mut sum: HashMap<String, usize> = HashMap::new();
        for _ in 0..400 {
            for (queue, given) in taken(&queues.request(1)) {
                *sum.entry(queue).or_default() += given;
            }
        }
        assert_eq!((sum["critical"], sum["default"]), (300, 100));
    }

    #[test]
    fn what_one_queue_leaves_over_the_others_may_fill() {
        let request = weighted().request(10);
        let last: Vec<_> = request.shares[request.shares.len() - 2..]
            .iter()
            .map(|share| share.limit)
            .collect();
        assert_eq!(last, [10, 10]);
    }

    #[test]
    fn a_worker_of_all_queues_learns_new_ones() {
        let mut queues = Queues::new(QueueOrder::All);
        assert_eq!(queues.names(), [QueueName::DEFAULT]);
        queues.discovered([QueueName::from_static("mail"), QueueName::DEFAULT]);
        assert_eq!(queues.names().len(), 2);
        let mut strict = Queues::new(QueueOrder::Strict(vec![QueueName::DEFAULT]));
        strict.discovered([QueueName::from_static("mail")]);
        assert_eq!(strict.names(), [QueueName::DEFAULT]);
    }
}
