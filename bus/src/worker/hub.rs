//! Where the jobs of a worker are, from taken to settled.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use crate::driver::{Claimed, Lease, Settlement};
use crate::id::JobId;

/// The jobs in a worker's hands, and who waits for what.
#[derive(Debug)]
pub(super) struct Hub {
    inner: Mutex<Inner>,
    /// There may be a job to begin.
    pub(super) begin: Notify,
    /// There may be something to settle or room for more.
    pub(super) pump: Notify,
    /// The store should hear of the worker soon.
    pub(super) beat: Notify,
}

#[derive(Debug)]
pub(super) struct Inner {
    /// Taken, not begun.
    pub(super) ready: VecDeque<Claimed>,
    /// In the hands of each lane.
    current: Vec<Option<JobId>>,
    /// Begun, and waiting for something. By a number, not by job: a worker that was taken for lost
    /// may get a job again while it still runs it.
    running: HashMap<u64, Active>,
    /// The number of the last that was begun so.
    begun: u64,
    /// Over, not settled.
    pub(super) done: Vec<Settlement>,
    /// Over, on their way to the store.
    settling: Vec<JobId>,
    /// Slots in use.
    active: usize,
    slots: usize,
    /// Promised to the driver for hand-off.
    pub(super) reserved: usize,
    /// The store may have more jobs for this worker.
    pub(super) hungry: bool,
    /// The worker may hold leases it does not know of.
    pub(super) unsure: bool,
    /// No more jobs are begun.
    pub(super) closing: bool,
    /// The pump wants to hear only when there are no more than so many jobs ready.
    pub(super) low: Option<usize>,
}

/// A job under way as a task of its own.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) lease: Lease,
    pub(super) token: CancellationToken,
    pub(super) task: AbortHandle,
}

impl Hub {
    pub(super) fn new(slots: usize, lanes: usize) -> Self {
        Self {
            inner: Mutex::new(Inner {
                ready: VecDeque::new(),
                current: vec![None; lanes],
                running: HashMap::new(),
                begun: 0,
                done: Vec::new(),
                settling: Vec::new(),
                active: 0,
                slots,
                reserved: 0,
                hungry: true,
                unsure: false,
                closing: false,
                low: None,
            }),
            begin: Notify::new(),
            pump: Notify::new(),
            beat: Notify::new(),
        }
    }

    /// Nothing here panics while it holds the lock.
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A lane's next job. It hands in what its last one came to; a lane that still has the slot of
    /// its last job keeps it for the next.
    pub(super) fn next(
        &self,
        lane: usize,
        over: Option<Settlement>,
        has_slot: bool,
    ) -> Option<Claimed> {
        let mut inner = self.lock();
        let news = over.is_some() && inner.done.is_empty();
        inner.done.extend(over);
        let job = if inner.closing || (!has_slot && inner.active >= inner.slots) {
            None
        } else {
            inner.ready.pop_front()
        };
        inner.current[lane] = job.as_ref().map(Claimed::id);
        match (has_slot, job.is_some()) {
            (false, true) => inner.active += 1,
            (true, false) => inner.active -= 1,
            _ => {}
        }
        let tell = match inner.low {
            Some(low) => job.is_none() || inner.ready.len() == low,
            None => news || job.is_none(),
        };
        drop(inner);
        if tell {
            self.pump.notify_one();
        }
        job
    }

    /// The lane's job goes on as a task, which `spawn` starts with the number it is known by; it
    /// takes the slot along. A task may end before this returns: it waits for the lock then.
    pub(super) fn detach(
        &self,
        lane: usize,
        lease: Lease,
        token: CancellationToken,
        spawn: impl FnOnce(u64) -> AbortHandle,
    ) {
        let mut inner = self.lock();
        inner.begun += 1;
        let number = inner.begun;
        let task = spawn(number);
        inner.running.insert(number, Active { lease, token, task });
        inner.current[lane] = None;
    }

    /// A task is over; `settle` says what is to be told to the store, if it does not know yet. If it
    /// was given up meanwhile, nothing of it counts.
    pub(super) fn over(&self, number: u64, settle: impl FnOnce() -> Option<Settlement>) {
        let known = self.lock().running.contains_key(&number);
        if !known {
            return;
        }
        // The user's code may be asked for the outcome: not while the lock is held.
        let settlement = settle();
        let mut inner = self.lock();
        if inner.running.remove(&number).is_none() {
            return;
        }
        inner.active -= 1;
        let news = inner.low.is_none() && inner.done.is_empty();
        inner.done.extend(settlement);
        let more = !inner.ready.is_empty();
        let idle = inner.active == 0 || inner.ready.is_empty();
        drop(inner);
        if more {
            self.begin.notify_one();
        }
        if news || idle {
            self.pump.notify_one();
        }
    }

    /// More jobs to begin.
    pub(super) fn add(&self, jobs: Vec<Claimed>) {
        if !jobs.is_empty() {
            self.lock().ready.extend(jobs);
            self.begin.notify_waiters();
        }
    }

    /// The lease was over: others may have what is not begun. What runs goes on; its outcome is
    /// fenced.
    pub(super) fn lapsed(&self) {
        let mut inner = self.lock();
        if !inner.ready.is_empty() {
            inner.ready.clear();
            inner.unsure = true;
        }
    }

    /// A person asked these to end. What is not begun is taken out and given back to the caller.
    pub(super) fn cancel(&self, jobs: &[JobId]) -> Vec<Claimed> {
        if jobs.is_empty() {
            return Vec::new();
        }
        let mut inner = self.lock();
        let running = inner.running.values();
        let asked = running.filter(|active| jobs.contains(&active.lease.job));
        asked.for_each(|active| active.token.cancel());
        let ready = std::mem::take(&mut inner.ready);
        let (cancelled, ready): (VecDeque<_>, VecDeque<_>) =
            ready.into_iter().partition(|job| jobs.contains(&job.id()));
        inner.ready = ready;
        cancelled.into()
    }

    /// Each job in hand, for the store to compare with what it leased.
    pub(super) fn held(&self) -> Vec<JobId> {
        let inner = self.lock();
        let ready = inner.ready.iter().map(Claimed::id);
        let done = inner.done.iter().map(|over| over.lease.job);
        ready
            .chain(inner.current.iter().flatten().copied())
            .chain(inner.running.values().map(|active| active.lease.job))
            .chain(done)
            .chain(inner.settling.iter().copied())
            .collect()
    }
}

impl Inner {
    /// How many more jobs there is a use for: free slots, and `ahead` to have at hand.
    pub(super) fn room(&self, ahead: usize) -> usize {
        let free = self.slots.saturating_sub(self.active);
        (free + ahead).saturating_sub(self.ready.len() + self.reserved)
    }

    /// Slots that nothing will use.
    pub(super) fn free(&self) -> usize {
        self.slots
            .saturating_sub(self.active + self.ready.len() + self.reserved)
    }

    /// Outcomes to settle now, at most `limit`, the oldest first.
    pub(super) fn take_done(&mut self, limit: usize) -> Vec<Settlement> {
        let taken = if self.done.len() <= limit {
            std::mem::take(&mut self.done)
        } else {
            let rest = self.done.split_off(limit);
            std::mem::replace(&mut self.done, rest)
        };
        self.settling.clear();
        self.settling
            .extend(taken.iter().map(|over| over.lease.job));
        taken
    }

    /// The store has the outcomes that were taken last.
    pub(super) fn settled(&mut self) {
        self.settling.clear();
    }

    /// Nothing is in hand: neither jobs nor outcomes nor promises.
    pub(super) fn is_idle(&self) -> bool {
        self.active == 0 && self.ready.is_empty() && self.done.is_empty() && self.reserved == 0
    }

    pub(super) fn active(&self) -> usize {
        self.active
    }

    /// Ends each task; returns their leases. What they would have said does not count any more.
    pub(super) fn abandon(&mut self) -> Vec<Lease> {
        let running = std::mem::take(&mut self.running);
        self.active -= running.len();
        let end = |active: Active| {
            active.token.cancel();
            active.task.abort();
            active.lease
        };
        running.into_values().map(end).collect()
    }
}
