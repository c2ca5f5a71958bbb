//! Which work goes into one transaction, and for whom its commit waits a moment.

use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use tokio::time::Instant;

use super::writer::{Order, Work};
use crate::clock;
use crate::driver::MAX_BATCH;

/// Work that is done in one transaction.
pub(super) struct Group {
    pub(super) works: Vec<Box<dyn Work>>,
    weight: usize,
    /// What came and is no part of it; nothing more is taken in.
    other: Option<Order>,
    /// Whether its commit waits for the disk; nothing while that is not settled.
    durable: Option<bool>,
}

impl Group {
    pub(super) fn of(first: Box<dyn Work>) -> Self {
        Self {
            weight: first.weight(),
            works: vec![first],
            other: None,
            durable: None,
        }
    }

    /// Takes in what waits already. Gives whether the commit waits for the disk.
    pub(super) fn gather(&mut self, orders: &Receiver<Order>) -> bool {
        self.take(orders);
        let durable = self.works.iter().any(|work| work.durable());
        self.durable = Some(durable);
        durable
    }

    /// Takes in what came while the first was done, and waits as long as `regroup` says if nothing
    /// did. Gives whether there is more to do.
    pub(super) fn join(&mut self, orders: &Receiver<Order>, regroup: &Regroup) -> bool {
        let before = self.works.len();
        loop {
            self.take(orders);
            if self.works.len() > before {
                return true;
            }
            if !self.is_open() || !regroup.expects_more_than(before) {
                return false;
            }
            // Not asleep: who comes would have to wake this thread, which takes as long as is waited.
            thread::yield_now();
        }
    }

    /// The order that is no part of it.
    pub(super) fn into_other(self) -> Option<Order> {
        self.other
    }

    fn is_open(&self) -> bool {
        self.weight < MAX_BATCH && self.other.is_none()
    }

    fn take(&mut self, orders: &Receiver<Order>) {
        while self.is_open() {
            match orders.try_recv() {
                Ok(Order::Work(work)) if self.fits(&*work) => {
                    self.weight += work.weight();
                    self.works.push(work);
                }
                Ok(order) => self.other = Some(order),
                Err(_) => return,
            }
        }
    }

    /// A transaction that has begun not to wait for the disk cannot be told otherwise.
    fn fits(&self, work: &dyn Work) -> bool {
        self.durable != Some(false) || !work.durable()
    }
}

/// So long a commit waits at most, from the moment when the last one answered.
const LONGEST: Duration = Duration::from_micros(80);
/// After waiting in vain it is not tried again for twice as many commits as before, up to so many.
const RESTS: u32 = 64;

/// Whom a commit waits for: those whom the last one answered are about to call again. Without it two
/// groups of callers take turns, and each commit holds half of what it could.
///
/// No more than the last commit itself took, so that it never costs more than it saves.
#[derive(Debug, Default)]
pub(super) struct Regroup {
    answered: usize,
    last: Option<(Instant, Duration)>,
    rests: u32,
    rested: u32,
    /// For the group at hand: how many it was at first, how many it may become, and until when.
    first: usize,
    expected: usize,
    until: Option<Instant>,
}

impl Regroup {
    /// A group of so many begins; `idle`: nobody was waiting when the last was answered.
    pub(super) fn begin(&mut self, size: usize, idle: bool) {
        self.first = size;
        self.expected = if idle {
            self.answered
        } else {
            self.answered + size
        };
        self.until = None;
        if self.rested < self.rests {
            self.rested += 1;
        } else if let Some((at, took)) = self.last {
            self.until = Some(at + took.min(LONGEST));
        }
    }

    fn expects_more_than(&self, size: usize) -> bool {
        size < self.expected && self.until.is_some_and(|until| clock::instant() < until)
    }

    /// The group of so many is answered; its commit took so long.
    pub(super) fn end(&mut self, size: usize, took: Duration) {
        if self.until.is_some() && self.expected > self.first {
            let half = (self.expected - self.first).div_ceil(2);
            self.rested = 0;
            self.rests = match size >= self.first + half {
                true => 0,
                false => (2 * self.rests + 1).min(RESTS),
            };
        }
        self.answered = size;
        self.last = Some((clock::instant(), took));
    }

    /// A commit that does not wait for the disk comes next: nobody is waited for.
    pub(super) fn forget(&mut self) {
        self.answered = 0;
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::super::desk::Desk;
    use super::super::fault::Fault;
    use super::*;

    struct Piece {
        durable: bool,
    }

    impl Work for Piece {
        fn weight(&self) -> usize {
            MAX_BATCH / 4
        }

        fn durable(&self) -> bool {
            self.durable
        }

        fn run(&mut self, _: &mut Desk<'_>) -> Result<(), Fault> {
            Ok(())
        }

        fn finish(self: Box<Self>, _: Result<(), Fault>) {}
    }

    fn piece(durable: bool) -> Box<dyn Work> {
        Box::new(Piece { durable })
    }

    #[test]
    fn what_comes_joins_until_the_group_is_full() {
        let (sender, orders) = channel();
        let send = |durable| sender.send(Order::Work(piece(durable))).unwrap();
        let mut group = Group::of(piece(true));
        send(false);
        assert!(group.gather(&orders));
        assert_eq!(group.works.len(), 2);
        (0..3).for_each(|_| send(true));
        assert!(group.join(&orders, &Regroup::default()));
        assert_eq!(group.works.len(), 4);
        assert!(!group.join(&orders, &Regroup::default()));
        assert!(group.into_other().is_none());
        assert!(orders.try_recv().is_ok());
    }

    #[test]
    fn what_must_reach_the_disk_joins_no_commit_that_does_not_wait_for_it() {
        let (sender, orders) = channel();
        let mut group = Group::of(piece(false));
        assert!(!group.gather(&orders));
        sender.send(Order::Work(piece(true))).unwrap();
        sender.send(Order::Work(piece(false))).unwrap();
        assert!(!group.join(&orders, &Regroup::default()));
        assert_eq!(group.works.len(), 1);
        assert!(matches!(group.into_other(), Some(Order::Work(work)) if work.durable()));
    }

    #[test]
    fn callers_who_come_again_are_waited_for_and_others_are_not() {
        let hour = Duration::from_secs(3_600);
        let mut regroup = Regroup::default();
        regroup.begin(5, false);
        assert!(!regroup.expects_more_than(0), "nobody was answered yet");
        regroup.end(5, hour);
        // Five wait, five were just answered.
        regroup.begin(5, false);
        assert!(regroup.until.is_some() && regroup.expected == 10);
        regroup.end(10, hour);
        // All ten were answered, the first of them came.
        regroup.begin(1, true);
        assert!(regroup.until.is_some() && regroup.expected == 10);
        regroup.end(1, hour);
        for rests in [1, 3, 7] {
            for _ in 0..rests {
                regroup.begin(2, false);
                assert!(regroup.until.is_none());
                regroup.end(2, hour);
            }
            regroup.begin(2, false);
            assert!(regroup.until.is_some());
            regroup.end(2, hour);
        }
        regroup.forget();
        regroup.begin(1, true);
        assert!(!regroup.expects_more_than(1));
    }
}
