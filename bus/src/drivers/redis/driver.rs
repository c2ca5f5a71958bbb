//! The driver: what it can do, and which file does it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::super::batcher::Batcher;
use super::connection::{Link, Opener, STORE, closed, failed};
use super::jobs::Pusher;
use super::wake::News;
use crate::clock::Timestamp;
use crate::driver::{
    Capabilities, ClaimRequest, Claims, ClientUrl, Driver, DriverError, DriverFuture, EndHub,
    EndNotice, EndWatch, HandOff, Heartbeat, Migrated, Promoted, Pushed, Rescue, Rescued, Settled,
    Settlement, WakeHub, Wakes, WorkerInfo,
};
use crate::id::{JobId, WorkerId};
use crate::job::NewJob;

/// What all parts and tasks of a driver share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) opener: Opener,
    /// For pushes: their large commands do not delay a worker's.
    pub(super) pushes: Link,
    /// For all else.
    pub(super) work: Link,
    /// What all keys begin with.
    pub(super) base: Vec<u8>,
    /// Tells this driver's own wake-ups from those of others.
    pub(super) sender: [u8; 16],
    pub(super) wakes: WakeHub,
    pub(super) ends: EndHub,
    pub(super) news: News,
    offers: Mutex<Vec<Weak<dyn HandOff>>>,
    closed: AtomicBool,
}

impl Core {
    pub(super) fn key(&self, name: &str) -> Vec<u8> {
        [&self.base, name.as_bytes()].concat()
    }

    pub(super) fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Acquire)
    }

    pub(super) fn check_open(&self, operation: &'static str) -> Result<(), DriverError> {
        if self.is_open() {
            Ok(())
        } else {
            Err(closed(operation))
        }
    }

    /// The workers that take jobs at once; those that are gone are forgotten.
    pub(super) fn offers(&self) -> Vec<Arc<dyn HandOff>> {
        let mut offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut alive = Vec::new();
        offers.retain(|offer| {
            let offer = offer.upgrade();
            let kept = offer.is_some();
            alive.extend(offer);
            kept
        });
        alive
    }
}

/// Jobs in Redis: see `docs/stores/redis.md` for set-up and what each of its settings can lose.
#[derive(Debug)]
pub struct RedisDriver {
    pub(super) core: Arc<Core>,
    pub(super) batcher: Batcher<Pusher>,
}

impl RedisDriver {
    /// Connects to a server. All keys begin with `{prefix}:`; two prefixes are two stores. Connections
    /// that are lost later are made again by themselves.
    ///
    /// # Errors
    /// Transient if the server is not reached or its certificate is refused, permanent if the URL or
    /// the password is wrong, or the URL needs a feature of this crate that is off.
    pub async fn connect(url: &ClientUrl, prefix: &str) -> Result<Self, DriverError> {
        let opener = Opener::new(url)?;
        let core = Arc::new(Core {
            pushes: Link::new(opener.clone()),
            work: Link::new(opener.clone()),
            opener,
            base: format!("{{{prefix}}}:").into_bytes(),
            sender: *WorkerId::new().as_bytes(),
            wakes: WakeHub::default(),
            ends: EndHub::default(),
            news: News::default(),
            offers: Mutex::default(),
            closed: AtomicBool::new(false),
        });
        let batcher = Batcher::new(Arc::new(Pusher(Arc::clone(&core))));
        let driver = Self { core, batcher };
        driver.time().await?;
        Ok(driver)
    }
}

impl Drop for RedisDriver {
    fn drop(&mut self) {
        self.core.closed.store(true, Ordering::Release);
        self.core.news.stop();
    }
}

impl Driver for RedisDriver {
    fn name(&self) -> &'static str {
        STORE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            durable: true,
            shared: true,
            fused: true,
            hand_off: true,
            end_notice: EndNotice::Remote,
            // Messages get lost with their connection, and then a look follows the reconnection;
            // this is for what neither covers.
            poll: Some(Duration::from_secs(5)),
            ..Capabilities::NONE
        }
    }

    fn migrate(&self) -> DriverFuture<'_, Migrated> {
        Box::pin(self.migrate_store())
    }

    fn ping(&self) -> DriverFuture<'_, Option<Timestamp>> {
        Box::pin(self.time())
    }

    fn close(&self) -> DriverFuture<'_, ()> {
        Box::pin(async move {
            if !self.core.closed.swap(true, Ordering::AcqRel) {
                // An empty call returns after all that came before it is stored.
                let flushed = self.batcher.submit(Vec::new()).await;
                self.core.news.stop();
                self.core.wakes.close();
                self.core.pushes.close();
                self.core.work.close();
                flushed.map_err(|error| failed("close", error))?;
            }
            Ok(())
        })
    }

    fn push(&self, jobs: Vec<NewJob>, now: Timestamp) -> DriverFuture<'_, Vec<Pushed>> {
        Box::pin(self.push_jobs(jobs, now))
    }

    fn offer(&self, worker: Weak<dyn HandOff>) {
        let mut offers = self
            .core
            .offers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        offers.push(worker);
    }

    fn claim<'a>(
        &'a self,
        worker: WorkerId,
        request: &'a ClaimRequest,
        now: Timestamp,
    ) -> DriverFuture<'a, Claims> {
        Box::pin(async move {
            let (_, claims) = self.tick("claim", worker, &[], request, now).await?;
            claims
        })
    }

    fn settle<'a>(
        &'a self,
        worker: WorkerId,
        settlements: &'a [Settlement],
        now: Timestamp,
    ) -> DriverFuture<'a, Vec<Settled>> {
        Box::pin(async move {
            let nothing = ClaimRequest::default();
            let ticked = self
                .tick("settle", worker, settlements, &nothing, now)
                .await;
            ticked.map(|(settled, _)| settled)
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
            self.tick("settle_and_claim", worker, settlements, request, now)
                .await
        })
    }

    fn disown<'a>(
        &'a self,
        worker: WorkerId,
        held: &'a [JobId],
        _now: Timestamp,
    ) -> DriverFuture<'a, u64> {
        Box::pin(self.give_back(worker, held, false))
    }

    fn heartbeat<'a>(
        &'a self,
        worker: &'a WorkerInfo,
        now: Timestamp,
    ) -> DriverFuture<'a, Heartbeat> {
        Box::pin(self.beat(worker, now))
    }

    fn retire(&self, worker: WorkerId, _now: Timestamp) -> DriverFuture<'_, u64> {
        Box::pin(self.give_back(worker, &[], true))
    }

    fn rescue<'a>(&'a self, rescue: &'a Rescue, now: Timestamp) -> DriverFuture<'a, Rescued> {
        Box::pin(self.rescue_jobs(rescue, now))
    }

    fn promote(&self, limit: usize, now: Timestamp) -> DriverFuture<'_, Promoted> {
        Box::pin(self.promote_due(limit, now))
    }

    fn prune(&self, limit: usize, now: Timestamp) -> DriverFuture<'_, u64> {
        Box::pin(self.prune_ended(limit, now))
    }

    fn wake(&self) -> Wakes {
        let wakes = self.core.wakes.subscribe();
        if !self.core.is_open() {
            self.core.wakes.close();
        }
        News::listen(&self.core);
        wakes
    }

    fn watch(&self, job: JobId) -> EndWatch {
        let watch = self.core.ends.watch(job);
        News::watch(&self.core);
        watch
    }
}
