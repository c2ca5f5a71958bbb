//! The queues: which jobs of each are due, in the order they are taken, and how many there are.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::line::Line;
use super::rows::{Row, Slot};
use crate::clock::Timestamp;
use crate::driver::{Pause, QueueCounts};
use crate::id::QueueName;
use crate::job::Priority;

/// A place in an order, as one number that compares fast: 8 bits of rank, 59 of time, 61 of
/// arrival. No two rows share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u128);

impl Place {
    const TIME_AT: u32 = 61;
    const RANK_AT: u32 = 120;

    fn of(rank: i16, at: Timestamp, arrival: u64) -> Self {
        let rank = u128::from((rank - Priority::MAX.rank()).unsigned_abs());
        let time = u128::from((at.as_micros() - Timestamp::MIN.as_micros()).unsigned_abs());
        Self(rank << Self::RANK_AT | time << Self::TIME_AT | u128::from(arrival))
    }

    /// Among the jobs of its queue that are due: by priority, due time, arrival.
    pub(super) fn in_queue(row: &Row) -> Self {
        Self::of(row.job.priority.rank(), row.job.run_at, row.arrival)
    }

    /// Among rows that wait for a time.
    pub(super) fn in_time(at: Timestamp, row: &Row) -> Self {
        Self::of(Priority::MAX.rank(), at, row.arrival)
    }

    /// The first place after all rows of that priority.
    fn after_rank(self) -> Self {
        Self(((self.0 >> Self::RANK_AT) + 1) << Self::RANK_AT)
    }

    /// The time in it.
    pub(super) fn time(self) -> Timestamp {
        let bits = (self.0 >> Self::TIME_AT) & ((1 << (Self::RANK_AT - Self::TIME_AT)) - 1);
        let since = i64::try_from(bits).expect("59 bits");
        Timestamp::from_micros(since + Timestamp::MIN.as_micros())
    }
}

/// One queue.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) paused: Option<Pause>,
    pub(super) counts: QueueCounts,
    pub(super) ready: Line<Place>,
}

impl Queue {
    /// Takes the next job that is due at `now` out of the order.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<Slot> {
        let (first, _) = self.ready.first()?;
        if first.time() <= now {
            return self.ready.remove(first);
        }
        // It was stored by somebody whose clock is ahead: less urgent jobs may be due before it.
        let mut from = first.after_rank();
        loop {
            let (place, _) = self.ready.ascending(Bound::Included(from)).next()?;
            if place.time() <= now {
                return self.ready.remove(place);
            }
            from = place.after_rank();
        }
    }

    /// When the available job that waits longest was due: the first of each priority is asked.
    pub(super) fn oldest_due(&self) -> Option<Timestamp> {
        let mut oldest = None;
        let mut next = self.ready.first();
        while let Some((place, _)) = next {
            oldest = Some(oldest.map_or(place.time(), |time: Timestamp| time.min(place.time())));
            let from = Bound::Included(place.after_rank());
            next = self.ready.ascending(from).next();
        }
        oldest
    }

    fn is_empty(&self) -> bool {
        self.counts.by_state.iter().all(|&count| count == 0)
    }
}

/// All queues, by number and by name.
#[derive(Debug, Default)]
pub(super) struct Queues {
    all: Vec<Option<Queue>>,
    free: Vec<u32>,
    by_name: BTreeMap<QueueName, u32>,
}

impl Queues {
    pub(super) fn number(&self, name: &QueueName) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The number of a queue that is made if need be.
    pub(super) fn number_or_new(&mut self, name: &QueueName) -> u32 {
        if let Some(number) = self.number(name) {
            return number;
        }
        let queue = Some(Queue {
            paused: None,
            counts: QueueCounts::empty(name.clone()),
            ready: Line::default(),
        });
        let number = match self.free.pop() {
            Some(number) => {
                self.all[number as usize] = queue;
                number
            }
            None => {
                self.all.push(queue);
                u32::try_from(self.all.len() - 1).expect("fewer queues than rows")
            }
        };
        self.by_name.insert(name.clone(), number);
        number
    }

    pub(super) fn get(&self, number: u32) -> &Queue {
        self.all[number as usize]
            .as_ref()
            .expect("a row's queue is there")
    }

    pub(super) fn get_mut(&mut self, number: u32) -> &mut Queue {
        self.all[number as usize]
            .as_mut()
            .expect("a row's queue is there")
    }

    /// Those that have jobs or are paused, by name.
    pub(super) fn known(&self) -> impl Iterator<Item = &Queue> {
        let queues = self.by_name.values().map(|&number| self.get(number));
        queues.filter(|queue| queue.paused.is_some() || !queue.is_empty())
    }

    /// Forgets those that have no jobs and are not paused: names made at run time do not pile up.
    pub(super) fn sweep(&mut self) {
        let Self { all, free, by_name } = self;
        by_name.retain(|_, &mut number| {
            let place = &mut all[number as usize];
            let known = place
                .as_ref()
                .is_some_and(|queue| queue.paused.is_some() || !queue.is_empty());
            if !known {
                *place = None;
                free.push(number);
            }
            known
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_keep_their_parts_at_the_ends_of_time() {
        for at in [Timestamp::MIN, Timestamp::EPOCH, Timestamp::MAX] {
            for priority in [Priority::MIN, Priority::NORMAL, Priority::MAX] {
                let place = Place::of(priority.rank(), at, (1 << 61) - 1);
                assert_eq!(place.time(), at);
                assert!(place < place.after_rank());
            }
        }
        let urgent = Place::of(Priority::MAX.rank(), Timestamp::MAX, 9);
        let normal = Place::of(Priority::NORMAL.rank(), Timestamp::MIN, 0);
        assert!(urgent < normal && urgent.after_rank() <= normal);
        assert!(Place::of(0, Timestamp::EPOCH, 2) > Place::of(0, Timestamp::EPOCH, 1));
    }
}
