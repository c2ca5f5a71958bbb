//! A store with a clock of its own, and machines whose clocks are not in step with it.
use bus::clock::{Clock, Sleep, Timestamp};
use bus::driver::{
    CancelCount, Capabilities, ClaimRequest, Claims, Driver, DriverError, DriverFuture, EndWatch,
    HandOff, Heartbeat, Inspect, JobFilter, JobPage, Keep, Migrated, Page, Promoted, Pushed,
    QueueCounts, QueueInfo, Rescue, Rescued, Selection, Settled, Settlement, Wakes, WorkerInfo,
};
use bus::id::{JobId, QueueName, WorkerId};
use bus::job::{JobRecord, NewJob};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// A clock that is this much ahead of, or behind, another.
#[derive(Debug, Clone)]
pub struct Skewed<C> {
    clock: C,
    by: Duration,
    ahead: bool,
}

impl<C: Clock> Skewed<C> {
    /// Ahead of `clock`.
    pub fn ahead(clock: C, by: Duration) -> Self {
        let ahead = true;
        Self { clock, by, ahead }
    }

    /// Behind `clock`.
    pub fn behind(clock: C, by: Duration) -> Self {
        let ahead = false;
        Self { clock, by, ahead }
    }
}

impl<C: Clock> Clock for Skewed<C> {
    fn now(&self) -> Timestamp {
        match self.ahead {
            true => self.clock.now() + self.by,
            false => self.clock.now() - self.by,
        }
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep<'_> {
        self.clock.sleep_until(match self.ahead {
            true => at - self.by,
            false => at + self.by,
        })
    }
}

/// A driver that tells the time of `clock` as a server would.
#[derive(Debug)]
pub struct Timed<C> {
    store: Arc<dyn Driver>,
    clock: C,
}

impl<C: Clock> Timed<C> {
    /// The store with this clock.
    pub fn new(store: Arc<dyn Driver>, clock: C) -> Self {
        Self { store, clock }
    }
}

impl<C: Clock> Driver for Timed<C> {
    fn name(&self) -> &'static str {
        self.store.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn migrate(&self) -> DriverFuture<'_, Migrated> {
        self.store.migrate()
    }

    fn ping(&self) -> DriverFuture<'_, Option<Timestamp>> {
        Box::pin(async {
            self.store.ping().await?;
            Ok(Some(self.clock.now()))
        })
    }

    fn close(&self) -> DriverFuture<'_, ()> {
        self.store.close()
    }

    fn push(&self, jobs: Vec<NewJob>, now: Timestamp) -> DriverFuture<'_, Vec<Pushed>> {
        self.store.push(jobs, now)
    }

    fn offer(&self, worker: Weak<dyn HandOff>) {
        self.store.offer(worker);
    }

    fn claim<'a>(
        &'a self,
        worker: WorkerId,
        request: &'a ClaimRequest,
        now: Timestamp,
    ) -> DriverFuture<'a, Claims> {
        self.store.claim(worker, request, now)
    }

    fn settle<'a>(
        &'a self,
        worker: WorkerId,
        settlements: &'a [Settlement],
        now: Timestamp,
    ) -> DriverFuture<'a, Vec<Settled>> {
        self.store.settle(worker, settlements, now)
    }

    fn settle_and_claim<'a>(
        &'a self,
        worker: WorkerId,
        settlements: &'a [Settlement],
        request: &'a ClaimRequest,
        now: Timestamp,
    ) -> DriverFuture<'a, (Vec<Settled>, Result<Claims, DriverError>)> {
        self.store
            .settle_and_claim(worker, settlements, request, now)
    }

    fn disown<'a>(
        &'a self,
        worker: WorkerId,
        held: &'a [JobId],
        now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        self.store.disown(worker, held, now)
    }

    fn heartbeat<'a>(
        &'a self,
        worker: &'a WorkerInfo,
        now: Timestamp,
    ) -> DriverFuture<'a, Heartbeat> {
        Box::pin(async move {
            let mut heartbeat = self.store.heartbeat(worker, now).await?;
            heartbeat.store_time = Some(self.clock.now());
            Ok(heartbeat)
        })
    }

    fn retire(&self, worker: WorkerId, now: Timestamp) -> DriverFuture<'_, u64> {
        self.store.retire(worker, now)
    }

    fn rescue<'a>(&'a self, rescue: &'a Rescue, now: Timestamp) -> DriverFuture<'a, Rescued> {
        self.store.rescue(rescue, now)
    }

    fn promote(&self, limit: usize, now: Timestamp) -> DriverFuture<'_, Promoted> {
        self.store.promote(limit, now)
    }

    fn prune(&self, limit: usize, now: Timestamp) -> DriverFuture<'_, u64> {
        self.store.prune(limit, now)
    }

    fn wake(&self) -> Wakes {
        self.store.wake()
    }

    fn watch(&self, job: JobId) -> EndWatch {
        self.store.watch(job)
    }
}

impl<C: Clock> Inspect for Timed<C> {
    fn get(&self, job: JobId) -> DriverFuture<'_, Option<JobRecord>> {
        self.store.get(job)
    }

    fn list<'a>(&'a self, filter: &'a JobFilter, page: Page) -> DriverFuture<'a, JobPage> {
        self.store.list(filter, page)
    }

    fn counts<'a>(&'a self, queue: Option<&'a QueueName>) -> DriverFuture<'a, Vec<QueueCounts>> {
        self.store.counts(queue)
    }

    fn queues(&self) -> DriverFuture<'_, Vec<QueueInfo>> {
        self.store.queues()
    }

    fn workers(&self) -> DriverFuture<'_, Vec<WorkerInfo>> {
        self.store.workers()
    }

    fn retry<'a>(
        &'a self,
        jobs: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        self.store.retry(jobs, limit, now)
    }

    fn cancel<'a>(
        &'a self,
        jobs: &'a Selection,
        reason: &'a str,
        keep: Keep,
        limit: usize,
        now: Timestamp,
    ) -> DriverFuture<'a, CancelCount> {
        self.store.cancel(jobs, reason, keep, limit, now)
    }

    fn delete<'a>(
        &'a self,
        jobs: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        self.store.delete(jobs, limit, now)
    }

    fn pause<'a>(
        &'a self,
        queue: &'a QueueName,
        reason: Option<&'a str>,
        now: Timestamp,
    ) -> DriverFuture<'a, bool> {
        self.store.pause(queue, reason, now)
    }

    fn resume<'a>(&'a self, queue: &'a QueueName) -> DriverFuture<'a, bool> {
        self.store.resume(queue)
    }
}
