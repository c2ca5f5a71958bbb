//! The driver: checks, locks, and tells who listens.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use super::handoff::Offers;
use super::shared::{Handle, Shared};
use super::store::Woken;
use crate::clock::Timestamp;
use crate::driver::{
    Capabilities, ClaimRequest, Claims, Driver, DriverError, DriverFuture, EndNotice, EndWatch,
    HandOff, Heartbeat, MAX_BATCH, Migrated, Promoted, Pushed, Rescue, Rescued, Settled,
    Settlement, Wakes, WorkerInfo,
};
use crate::id::{JobId, WorkerId};
use crate::job::{Links, NewJob};

/// Jobs in the memory of this process.
///
/// For tests (times are passed in, so a test's clock is the store's), for work that may be lost
/// with the process, and as the fastest of the stores: nothing is polled, nothing is written.
///
/// ```
/// use bus::drivers::MemoryDriver;
/// let (one, two) = (MemoryDriver::named("orders"), MemoryDriver::named("orders"));
/// assert!(one.shares_store_with(&two));
/// assert!(!one.shares_store_with(&MemoryDriver::new()));
/// ```
#[derive(Debug)]
pub struct MemoryDriver {
    pub(super) shared: Arc<Shared>,
    handle: Arc<Handle>,
    offers: Offers,
    closed: AtomicBool,
}

const NAME: &str = "memory";

impl MemoryDriver {
    /// A store of its own.
    #[expect(
        clippy::new_without_default,
        reason = "a new store is not a default value"
    )]
    #[must_use]
    pub fn new() -> Self {
        Self::on(Arc::default())
    }

    /// The store of that name, shared by all in this process who name it; it is gone when the last
    /// of them is dropped.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::on(Shared::named(name))
    }

    /// Whether both are the same store.
    #[must_use]
    pub fn shares_store_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    fn on(shared: Arc<Shared>) -> Self {
        Self {
            handle: shared.open(),
            shared,
            offers: Offers::default(),
            closed: AtomicBool::new(false),
        }
    }

    pub(super) fn check(&self, operation: &'static str) -> Result<(), DriverError> {
        match self.closed.load(Ordering::Acquire) {
            true => Err(DriverError::permanent(NAME, operation, "it is closed")),
            false => Ok(()),
        }
    }
}

/// What this store does not keep is refused before anything is stored.
fn supported(jobs: &[NewJob], operation: &'static str) -> Result<(), DriverError> {
    let tied = |links: &Links| {
        links.unique.is_some()
            || links.batch.is_some()
            || !links.concurrency.is_empty()
            || !links.rates.is_empty()
    };
    match jobs.iter().filter_map(NewJob::links).any(tied) {
        true => Err(DriverError::unsupported(NAME, operation)),
        false => Ok(()),
    }
}

impl Driver for MemoryDriver {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            fused: true,
            hand_off: true,
            // No other process has this store, so this one's news are all there are.
            end_notice: EndNotice::Remote,
            ..Capabilities::NONE
        }
    }

    fn migrate(&self) -> DriverFuture<'_, Migrated> {
        Box::pin(async {
            self.check("migrate")?;
            Ok(Migrated { from: 1, to: 1 })
        })
    }

    fn ping(&self) -> DriverFuture<'_, Option<Timestamp>> {
        Box::pin(async { self.check("ping").map(|()| None) })
    }

    fn close(&self) -> DriverFuture<'_, ()> {
        Box::pin(async {
            if !self.closed.swap(true, Ordering::AcqRel) {
                self.handle.wakes.close();
            }
            Ok(())
        })
    }

    fn push(&self, jobs: Vec<NewJob>, now: Timestamp) -> DriverFuture<'_, Vec<Pushed>> {
        Box::pin(async move {
            self.check("push")?;
            supported(&jobs, "push")?;
            let mut pushed = Vec::with_capacity(jobs.len());
            let mut jobs = jobs.into_iter();
            while jobs.len() > 0 {
                let step = jobs.len().min(MAX_BATCH);
                let mut taken = self.offers.reserve(&jobs.as_slice()[..step], now);
                let mut woken = Woken::default();
                let mut store = self.shared.lock();
                for (number, job) in jobs.by_ref().take(step).enumerate() {
                    let worker = taken.worker(number);
                    let (answer, claimed) = store.push(job, worker, now, &mut woken);
                    pushed.push(answer);
                    taken.stored(number, claimed);
                }
                self.shared.finish(store, &woken);
                taken.hand_over();
            }
            Ok(pushed)
        })
    }

    fn offer(&self, worker: Weak<dyn HandOff>) {
        self.offers.add(worker);
    }

    fn claim<'a>(
        &'a self,
        worker: WorkerId,
        request: &'a ClaimRequest,
        now: Timestamp,
    ) -> DriverFuture<'a, Claims> {
        Box::pin(async move {
            self.check("claim")?;
            let mut woken = Woken::default();
            let mut store = self.shared.lock();
            let claims = store.claim(worker, request, now, &mut woken);
            self.shared.finish(store, &woken);
            Ok(claims)
        })
    }

    fn settle<'a>(
        &'a self,
        worker: WorkerId,
        settlements: &'a [Settlement],
        now: Timestamp,
    ) -> DriverFuture<'a, Vec<Settled>> {
        Box::pin(async move {
            let (settled, _) = self.apply("settle", worker, settlements, None, now)?;
            Ok(settled)
        })
    }

    fn settle_and_claim<'a>(
        &'a self,
        worker: WorkerId,
        settlements: &'a [Settlement],
        request: &'a ClaimRequest,
        now: Timestamp,
    ) -> DriverFuture<'a, (Vec<Settled>, Result<Claims, DriverError>)> {
        Box::pin(async move {
            let operation = "settle_and_claim";
            let (settled, claims) =
                self.apply(operation, worker, settlements, Some(request), now)?;
            Ok((settled, Ok(claims)))
        })
    }

    fn disown<'a>(
        &'a self,
        worker: WorkerId,
        held: &'a [JobId],
        _now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        Box::pin(async move {
            self.check("disown")?;
            let mut held = held.to_vec();
            held.sort_unstable();
            Ok(self.give_back(worker, &held))
        })
    }

    fn heartbeat<'a>(
        &'a self,
        worker: &'a WorkerInfo,
        now: Timestamp,
    ) -> DriverFuture<'a, Heartbeat> {
        Box::pin(async move {
            self.check("heartbeat")?;
            Ok(self.shared.lock().heartbeat(worker, now))
        })
    }

    fn retire(&self, worker: WorkerId, _now: Timestamp) -> DriverFuture<'_, u64> {
        Box::pin(async move {
            self.check("retire")?;
            let given_back = self.give_back(worker, &[]);
            self.shared.lock().deregister(worker);
            Ok(given_back)
        })
    }

    fn rescue<'a>(&'a self, rescue: &'a Rescue, now: Timestamp) -> DriverFuture<'a, Rescued> {
        Box::pin(async move {
            self.check("rescue")?;
            let mut woken = Woken::default();
            let mut store = self.shared.lock();
            let rescued = store.rescue(rescue, now, &mut woken);
            self.shared.finish(store, &woken);
            Ok(rescued)
        })
    }

    fn promote(&self, limit: usize, now: Timestamp) -> DriverFuture<'_, Promoted> {
        Box::pin(async move {
            self.check("promote")?;
            let mut woken = Woken::default();
            let mut store = self.shared.lock();
            let promoted = Promoted {
                count: store.promote(limit.min(MAX_BATCH), now, &mut woken),
                next_due: store.next_due(),
            };
            self.shared.finish(store, &woken);
            Ok(promoted)
        })
    }

    fn prune(&self, limit: usize, now: Timestamp) -> DriverFuture<'_, u64> {
        Box::pin(async move {
            self.check("prune")?;
            let gone = self.shared.lock().prune(limit, now);
            Ok(gone.len() as u64)
        })
    }

    fn wake(&self) -> Wakes {
        let wakes = self.handle.wakes.subscribe();
        if self.closed.load(Ordering::Acquire) {
            self.handle.wakes.close();
        }
        wakes
    }

    fn watch(&self, job: JobId) -> EndWatch {
        self.handle.ends.watch(job)
    }
}

impl MemoryDriver {
    fn apply(
        &self,
        operation: &'static str,
        worker: WorkerId,
        settlements: &[Settlement],
        request: Option<&ClaimRequest>,
        now: Timestamp,
    ) -> Result<(Vec<Settled>, Claims), DriverError> {
        self.check(operation)?;
        for settlement in settlements {
            supported(&settlement.follow, operation)?;
        }
        let mut woken = Woken::default();
        let mut gone = Vec::with_capacity(settlements.len());
        let mut settled = Vec::with_capacity(settlements.len());
        let mut store = self.shared.lock();
        for settlement in settlements {
            let (answer, payload) = store.settle(worker, settlement, now, &mut woken);
            settled.push(answer);
            gone.extend(payload);
        }
        let claims = request.map(|request| store.claim(worker, request, now, &mut woken));
        self.shared.finish(store, &woken);
        self.shared.ended(settlements, &settled);
        Ok((settled, claims.unwrap_or_default()))
    }

    fn give_back(&self, worker: WorkerId, held: &[JobId]) -> u64 {
        let mut total = 0;
        loop {
            let mut woken = Woken::default();
            let mut store = self.shared.lock();
            let count = store.disown(worker, held, &mut woken);
            self.shared.finish(store, &woken);
            total += count as u64;
            if count < MAX_BATCH {
                return total;
            }
        }
    }
}
