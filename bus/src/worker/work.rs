//! A worker from its first heartbeat to its last.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::config::Config;
use super::execute::Surroundings;
use super::handoff::Door;
use super::heartbeat::Heart;
use super::hub::Hub;
use super::lane::lane;
use super::pump::Pump;
use super::queues::Queues;
use super::settle::{Outbox, Pace};
use super::wait::State;
use crate::driver::{Driver, HandOff, WorkerInfo};
use crate::extensions::Extensions;
use crate::id::WorkerId;
use crate::queue::Store;
use crate::registry::Runnables;
use crate::telemetry::Board;

/// How a worker is told to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signals {
    /// Begin nothing new, finish what runs, within the grace.
    pub(crate) stop: CancellationToken,
    /// The grace is over.
    pub(crate) now: CancellationToken,
}

/// A worker that is ready to run.
#[derive(Debug)]
pub(crate) struct Worker {
    driver: Arc<dyn Driver>,
    around: Arc<Surroundings>,
    board: Arc<Board>,
    config: Config,
}

/// The last word to the store may take so long.
const FAREWELL: Duration = Duration::from_secs(5);

impl Worker {
    pub(crate) fn new(
        driver: Arc<dyn Driver>,
        store: Store,
        state: Arc<Extensions>,
        board: Arc<Board>,
        config: Config,
    ) -> Self {
        let around = Surroundings {
            worker: WorkerId::new(),
            jobs: Runnables::linked(),
            state,
            store,
            board: Arc::clone(&board),
        };
        Self {
            driver,
            around: Arc::new(around),
            board,
            config,
        }
    }

    /// This incarnation.
    pub(crate) fn id(&self) -> WorkerId {
        self.around.worker
    }

    /// Works until it is told to end, or its limits are reached. What it still held then is back
    /// in the store.
    pub(crate) async fn run(self, signals: Signals) {
        let lanes = tokio::runtime::Handle::current().metrics().num_workers();
        let lanes = lanes.clamp(1, self.config.concurrency.max(1));
        let hub = Arc::new(Hub::new(self.config.concurrency.max(1), lanes));
        let queues = Queues::new(self.config.queues.clone());
        let counted = Arc::clone(&hub);
        let pulse = self.board.join(self.id(), move || {
            let inner = counted.lock();
            (inner.active(), counted.waiting(&inner))
        });
        let heart = Heart {
            driver: Arc::clone(&self.driver),
            hub: Arc::clone(&hub),
            around: Arc::clone(&self.around),
            pulse: Arc::clone(&pulse),
            board: Arc::clone(&self.board),
            info: self.info(&queues),
        };
        // Before the first heartbeat the store would take a claimed job for lost.
        while !heart.beat().await {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
                () = signals.stop.cancelled() => return,
            }
        }
        let door: Arc<dyn HandOff> = Arc::new(Door {
            hub: Arc::clone(&hub),
            around: Arc::clone(&self.around),
            board: Arc::clone(&self.board),
            order: self.config.queues.clone(),
        });
        if self.config.max_jobs.is_none() && !self.config.until_empty {
            self.driver.offer(Arc::downgrade(&door));
        }
        let mut tasks = JoinSet::new();
        tasks.spawn(heart.run());
        for index in 0..lanes {
            tasks.spawn(lane(Arc::clone(&hub), Arc::clone(&self.around), index));
        }
        if let Some(limit) = self.config.max_time {
            let stop = signals.stop.clone();
            tasks.spawn(async move {
                tokio::time::sleep(limit).await;
                stop.cancel();
            });
        }
        let mut pump = Pump {
            driver: Arc::clone(&self.driver),
            hub,
            around: Arc::clone(&self.around),
            board: Arc::clone(&self.board),
            pulse,
            queues,
            wakes: self.driver.wake(),
            outbox: Outbox::default(),
            pace: Pace::new(),
            state: State::new(&self.config),
            config: self.config,
            signals,
        };
        pump.run().await;
        drop(door);
        tasks.shutdown().await;
        retire(&*self.driver, &self.around).await;
    }

    fn info(&self, queues: &Queues) -> WorkerInfo {
        let now = self.around.store.now();
        WorkerInfo {
            id: self.id(),
            host: host(),
            pid: std::process::id(),
            started_at: now,
            lease: self.config.lease,
            queues: queues.names(),
            slots: u32::try_from(self.config.concurrency).unwrap_or(u32::MAX),
            expires_at: now + self.config.lease,
        }
    }
}

/// Tells the store that the worker is gone, so that nobody waits for its lease to end.
async fn retire(driver: &dyn Driver, around: &Surroundings) {
    let farewell = driver.retire(around.worker, around.store.now());
    match tokio::time::timeout(FAREWELL, farewell).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => {
            let error = crate::registry::with_sources(&error);
            tracing::warn!(
                error,
                "the worker could not say goodbye, its lease will end"
            );
        }
        Err(_) => tracing::warn!("the store did not hear the goodbye, the lease will end"),
    }
}

/// The machine's name, for people.
fn host() -> String {
    let named = std::env::var("HOSTNAME")
        .ok()
        .filter(|name| !name.is_empty());
    let kernel = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = named.or_else(kernel).unwrap_or_default();
    name.trim().to_owned()
}
