//! Where the jobs of a worker are, from taken to settled.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::desk::{Desk, Next};
use crate::command::Origin;
use crate::driver::{Claimed, Settlement};
use crate::id::JobId;
use crate::queue::Execution;

mod counts;

/// The jobs in a worker's hands, and who waits for what.
///
/// Locks are taken in the order inner, then desks one by one. What moves jobs between two of these
/// holds the inner one, so whoever holds it sees each job in one place.
#[derive(Debug)]
pub(super) struct Hub {
    inner: Mutex<Inner>,
    desks: Box<[Mutex<Desk>]>,
    /// The pump wants to hear of the first outcome on a desk.
    eager: AtomicBool,
    /// There may be a job to begin.
    pub(super) begin: Notify,
    /// There may be something to settle or room for more.
    pub(super) pump: Notify,
    /// The store should hear of the worker soon.
    pub(super) beat: Notify,
}

#[derive(Debug)]
pub(super) struct Inner {
    /// Taken, on no desk.
    pub(super) ready: VecDeque<Claimed>,
    /// Begun, and waiting for something. By a number, not by job: a worker that was taken for lost
    /// may get a job again while it still runs it.
    running: HashMap<u64, Active>,
    /// The number of the last that was begun so.
    begun: u64,
    /// Over, not settled.
    pub(super) done: Vec<Settlement>,
    /// Over, on their way to the store.
    settling: Vec<JobId>,
    /// Slots in use: by a task, or by a lane with a job.
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
    low: Option<usize>,
}

/// A job under way as a task of its own.
#[derive(Debug)]
pub(super) struct Active {
    execution: Arc<Execution>,
    task: AbortHandle,
}

impl Hub {
    pub(super) fn new(slots: usize, lanes: usize) -> Self {
        Self {
            inner: Mutex::new(Inner {
                ready: VecDeque::new(),
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
            desks: (0..lanes).map(|_| Mutex::default()).collect(),
            eager: AtomicBool::new(true),
            begin: Notify::new(),
            pump: Notify::new(),
            beat: Notify::new(),
        }
    }

    /// Nothing here panics while it holds the lock.
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn desk(&self, lane: usize) -> MutexGuard<'_, Desk> {
        let desk = self.desks[lane].lock();
        desk.unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the pump wants to hear of an outcome and has not been told of one.
    fn eager(&self) -> bool {
        self.eager.load(Ordering::Acquire) && self.eager.swap(false, Ordering::AcqRel)
    }

    /// Each desk, one by one; only for who holds the inner lock.
    fn desks(&self, _inner: &Inner) -> impl Iterator<Item = MutexGuard<'_, Desk>> {
        (0..self.desks.len()).map(|lane| self.desk(lane))
    }

    /// The next job on the lane's desk, if it wants `more`. The lane hands in what its last one came
    /// to.
    #[inline]
    pub(super) fn next(&self, lane: usize, over: &mut Option<Settlement>, more: bool) -> Next {
        let mut desk = self.desk(lane);
        if let Some(over) = over.take() {
            let news = desk.done.is_empty();
            desk.done.push(over);
            // Once is enough: the pump asks anew when it looks.
            if news && self.eager() {
                desk.current = None;
                drop(desk);
                self.pump.notify_one();
                return Next::Pause;
            }
        }
        if !more {
            desk.current = None;
            return Next::Pause;
        }
        let job = desk.jobs.pop_front();
        desk.current = job.as_ref().map(Claimed::id);
        job.map_or(Next::Nothing, Next::Job)
    }

    /// Puts up to `size` jobs on the lane's empty desk; false, if there are none or no slot is free.
    /// A lane that has a slot keeps it while there are jobs. `told` becomes true if the pump was.
    pub(super) fn refill(&self, lane: usize, has_slot: bool, size: usize, told: &mut bool) -> bool {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let mut desk = self.desk(lane);
        inner.done.append(&mut desk.done);
        let before = inner.ready.len();
        if inner.closing || (!has_slot && inner.active >= inner.slots) {
            // Who gets the next slot is open: these are anybody's again, in their old order.
            while let Some(job) = desk.jobs.pop_back() {
                inner.ready.push_front(job);
            }
        } else if desk.jobs.is_empty() {
            // An even share, so that no lane has to steal.
            let share = before.div_ceil(self.desks.len()).min(size);
            desk.jobs.extend(inner.ready.drain(..share));
        }
        let mut filled = !desk.jobs.is_empty();
        drop(desk);
        if !filled && before == 0 && !inner.closing && (has_slot || inner.active < inner.slots) {
            filled = self.steal(inner, lane);
        }
        match (has_slot, filled) {
            (false, true) => inner.active += 1,
            (true, false) => inner.active -= 1,
            _ => {}
        }
        let after = inner.ready.len();
        let tell = inner.low.is_some_and(|low| after <= low && low < before);
        if tell || !filled {
            self.pump.notify_one();
            *told = true;
        }
        filled
    }

    /// Takes over the later half of what waits on another desk: its lane may be busy for long.
    fn steal(&self, _inner: &mut Inner, thief: usize) -> bool {
        for lane in (0..self.desks.len()).filter(|&lane| lane != thief) {
            let mut desk = self.desk(lane);
            let stays = desk.jobs.len() / 2;
            let stolen = desk.jobs.split_off(stays);
            drop(desk);
            if !stolen.is_empty() {
                self.desk(thief).jobs = stolen;
                return true;
            }
        }
        false
    }

    /// The lane's job goes on as a task, which `spawn` starts with the number it is known by; it
    /// takes the slot along. A task may end before this returns: it waits for the lock then.
    pub(super) fn detach(
        &self,
        lane: usize,
        execution: Arc<Execution>,
        spawn: impl FnOnce(u64) -> AbortHandle,
    ) {
        let mut inner = self.lock();
        inner.begun += 1;
        let number = inner.begun;
        let task = spawn(number);
        inner.running.insert(number, Active { execution, task });
        self.desk(lane).current = None;
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
        let more = self.waiting(&inner) > 0;
        let idle = inner.active == 0 || !more;
        drop(inner);
        if more {
            self.begin.notify_one();
        }
        if news || idle {
            self.pump.notify_one();
        }
    }

    /// More jobs to begin; `of_reserved`, if they were promised to the driver.
    pub(super) fn add(&self, jobs: Vec<Claimed>, of_reserved: bool) {
        let more = jobs.len();
        if more == 0 {
            return;
        }
        let mut inner = self.lock();
        if of_reserved {
            inner.reserved = inner.reserved.saturating_sub(more);
        }
        if inner.closing {
            // The promise was given before.
            let back = jobs.into_iter().map(|job| Settlement::released(job.lease));
            inner.done.extend(back);
        } else if inner.ready.is_empty() {
            inner.ready = jobs.into();
        } else {
            inner.ready.extend(jobs);
        }
        // Whoever is unsure waits for the last promise to be kept.
        let tell = inner.closing || inner.unsure;
        drop(inner);
        if tell {
            self.pump.notify_one();
        }
        if more < self.desks.len() {
            // As many lanes as there is work for: the others sleep on.
            (0..more).for_each(|_| self.begin.notify_one());
        } else {
            self.begin.notify_waiters();
        }
    }

    /// The lease was over: others may have what is not begun. What runs goes on; its outcome is
    /// fenced.
    pub(super) fn lapsed(&self) {
        let mut inner = self.lock();
        if self.waiting(&inner) > 0 {
            self.unbegun(&mut inner);
            inner.unsure = true;
        }
    }

    /// Takes back all that is not begun.
    pub(super) fn unbegun(&self, inner: &mut Inner) -> VecDeque<Claimed> {
        let mut jobs = std::mem::take(&mut inner.ready);
        for mut desk in self.desks(inner) {
            jobs.append(&mut desk.jobs);
        }
        jobs
    }

    /// The pump looks after outcomes now: from here on it hears of the next one at once, or, given
    /// `low`, only when so few jobs are ready.
    pub(super) fn listen(&self, inner: &mut Inner, low: Option<usize>) {
        inner.low = low;
        // Before the desks are looked at: what comes to one after that is told.
        self.eager.store(low.is_none(), Ordering::Release);
        for lane in 0..self.desks.len() {
            inner.done.append(&mut self.desk(lane).done);
        }
    }

    /// A person asked these to end. What is not begun is taken out and given back to the caller.
    pub(super) fn cancel(&self, jobs: &[JobId]) -> Vec<Claimed> {
        if jobs.is_empty() {
            return Vec::new();
        }
        let mut inner = self.lock();
        let running = inner.running.values();
        let asked = running.filter(|active| jobs.contains(&active.execution.claimed().id()));
        asked.for_each(|active| active.execution.token().cancel());
        let mut cancelled = Vec::new();
        let mut cut = |waiting: &mut VecDeque<Claimed>| {
            let all = std::mem::take(waiting).into_iter();
            let (out, left): (Vec<_>, _) = all.partition(|job| jobs.contains(&job.id()));
            cancelled.extend(out);
            *waiting = left.into();
        };
        cut(&mut inner.ready);
        self.desks(&inner).for_each(|mut desk| cut(&mut desk.jobs));
        cancelled
    }
}

impl Inner {
    /// Moves outcomes to settle now into the empty `batch`, at most `limit`, the oldest first. The
    /// two change their memory, so that none is asked for anew each time.
    pub(super) fn take_done(&mut self, limit: usize, batch: &mut Vec<Settlement>) {
        std::mem::swap(&mut self.done, batch);
        if batch.len() > limit {
            self.done.extend(batch.drain(limit..));
        }
        self.settling.clear();
        self.settling
            .extend(batch.iter().map(|over| over.lease.job));
    }

    /// The store has the outcomes that were taken last.
    pub(super) fn settled(&mut self) {
        self.settling.clear();
    }

    /// The pump lets outcomes gather.
    pub(super) fn is_lingering(&self) -> bool {
        self.low.is_some()
    }

    pub(super) fn active(&self) -> usize {
        self.active
    }

    /// Ends each task; returns what they ran. What they would have said does not count any more.
    pub(super) fn abandon(&mut self) -> Vec<Arc<Execution>> {
        let running = std::mem::take(&mut self.running);
        self.active -= running.len();
        let end = |active: Active| {
            active.execution.token().cancel();
            active.task.abort();
            active.execution
        };
        running.into_values().map(end).collect()
    }
}
