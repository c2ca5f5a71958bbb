//! What the parts of the driver share.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{PgConnection, Row as _};
use tokio::time::Instant;

use super::connection::{Lane, Purpose};
use super::fault::Fault;
use super::floor::{Doubt, Floors};
use super::names::Names;
use super::sql::{Sql, query};
use super::wake::News;
use crate::clock;
use crate::driver::{EndHub, HandOff, WakeHub};
use crate::id::{QueueName, WorkerId};

/// How long a hand-off relies on what was last read of pauses; other processes' pauses are heeded
/// within a second.
const PAUSES_FOR: Duration = Duration::from_millis(500);

/// Connections, statements and what this process remembers of the store.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) sql: Sql,
    pub(super) options: PgConnectOptions,
    /// The channel for notifications.
    pub(super) channel: String,
    pub(super) names: Names,
    pub(super) floors: Floors,
    pub(super) wakes: WakeHub,
    pub(super) ends: EndHub,
    pub(super) news: News,
    pub(super) push: Arc<Lane>,
    pub(super) claim: Arc<Lane>,
    pub(super) settle: Arc<Lane>,
    pub(super) upkeep: Arc<Lane>,
    pub(super) ask: Arc<Lane>,
    /// Running jobs of this process may have been asked to end: look at the next claim.
    pub(super) cancels: AtomicBool,
    /// As far as the last heartbeat could tell, no other process claims.
    alone: AtomicBool,
    /// How many flushes to come expect a job that is stored already.
    duplicates: AtomicU32,
    /// Workers of this process, by their heartbeats.
    workers: RwLock<HashSet<WorkerId>>,
    offers: RwLock<Vec<Weak<dyn HandOff>>>,
    pauses: Mutex<Pauses>,
}

#[derive(Debug, Default)]
struct Pauses {
    queues: HashSet<i32>,
    read_at: Option<Instant>,
}

impl Store {
    pub(super) fn new(options: PgConnectOptions, schema: &str) -> Self {
        let lane = |purpose| Lane::new(options.clone(), purpose);
        Self {
            sql: Sql::new(schema),
            // A channel's name has 63 bytes at most; schemas that share the beginning wake each
            // other needlessly, which is harmless.
            channel: format!("{schema:.59}:bus"),
            names: Names::default(),
            floors: Floors::default(),
            wakes: WakeHub::default(),
            ends: EndHub::default(),
            news: News::default(),
            push: lane(Purpose::Hot),
            claim: lane(Purpose::Hot),
            settle: lane(Purpose::Hot),
            upkeep: lane(Purpose::Hot),
            ask: lane(Purpose::Ask),
            cancels: AtomicBool::new(false),
            alone: AtomicBool::new(false),
            duplicates: AtomicU32::new(0),
            workers: RwLock::default(),
            offers: RwLock::default(),
            pauses: Mutex::default(),
            options,
        }
    }

    /// Due jobs were stored or came back in these queues, in this process: tells all who wait.
    pub(super) fn wake(&self, queues: &[QueueName]) {
        if queues.is_empty() {
            return;
        }
        self.wakes.wake(queues);
        self.news.jobs(queues);
    }

    /// The same by number, for jobs that came back anywhere in their queues.
    pub(super) fn wake_numbers(&self, queues: impl IntoIterator<Item = i32>) {
        let numbers: HashSet<i32> = queues.into_iter().collect();
        for &queue in &numbers {
            self.floors.doubt(queue, Doubt::Certain);
        }
        let names: Vec<QueueName> = numbers
            .into_iter()
            .map(|queue| self.names.queue_name(queue))
            .collect();
        self.wake(&names);
    }

    /// Running jobs were asked to end: workers of this process look at their next claim.
    pub(super) fn cancels_came(&self, queues: &[QueueName]) {
        self.cancels.store(true, Ordering::Release);
        self.wakes.wake(queues);
    }

    /// Whether claims need not mind other processes. If it turns out to be wrong, a claim is made
    /// again.
    pub(super) fn is_alone(&self) -> bool {
        self.alone.load(Ordering::Relaxed)
    }

    /// What a heartbeat or a claim has learnt of other processes.
    pub(super) fn claims_alone(&self, alone: bool) {
        self.alone.store(alone, Ordering::Relaxed);
    }

    /// Whether the flush at hand should expect a job that is stored already; counts it.
    pub(super) fn expects_duplicates(&self) -> bool {
        let less = |left: u32| left.checked_sub(1);
        self.duplicates
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }

    /// There was one: so many flushes to come expect another.
    pub(super) fn expect_duplicates(&self, flushes: u32) {
        self.duplicates.store(flushes, Ordering::Relaxed);
    }

    pub(super) fn offer(&self, worker: Weak<dyn HandOff>) {
        let mut offers = self.offers.write().unwrap_or_else(PoisonError::into_inner);
        offers.retain(|known| known.strong_count() > 0);
        offers.push(worker);
    }

    /// The workers that take jobs at once.
    pub(super) fn offers(&self) -> Vec<Arc<dyn HandOff>> {
        let offers = self.offers.read().unwrap_or_else(PoisonError::into_inner);
        offers.iter().filter_map(Weak::upgrade).collect()
    }

    pub(super) fn worker_lives(&self, worker: WorkerId) {
        let known = self
            .workers
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&worker);
        if !known {
            self.workers
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(worker);
        }
    }

    pub(super) fn worker_left(&self, worker: WorkerId) {
        self.workers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&worker);
    }

    pub(super) fn workers(&self) -> Vec<WorkerId> {
        self.workers
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .copied()
            .collect()
    }

    /// The paused queues, read anew if what is known is old.
    pub(super) async fn paused(
        &self,
        connection: &mut PgConnection,
    ) -> Result<HashSet<i32>, Fault> {
        {
            let pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = |at: Instant| clock::instant() - at < PAUSES_FOR;
            if pauses.read_at.is_some_and(fresh) {
                return Ok(pauses.queues.clone());
            }
        }
        let read_at = clock::instant();
        let rows = query(&self.sql.paused).fetch_all(connection).await?;
        let queues: Result<HashSet<i32>, sqlx::Error> =
            rows.iter().map(|row| row.try_get(0)).collect();
        let queues = queues?;
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.queues.clone_from(&queues);
        pauses.read_at = Some(read_at);
        Ok(queues)
    }

    /// A queue was paused or resumed, here or elsewhere.
    pub(super) fn pauses_changed(&self) {
        self.pauses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .read_at = None;
    }
}
