//! A worker as users start it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::error::RunError;
use super::signals::obey;
use crate::driver::MAX_BATCH;
use crate::extensions::Extensions;
use crate::facade::Bus;
use crate::id::{NameError, QueueName};
use crate::maintain::Upkeep;
use crate::queue::{Store, StoreError};
use crate::telemetry::Board;
use crate::worker::{Config, QueueOrder, Signals, Worker};

/// A worker that is about to run: it takes jobs of the store, runs them, and keeps the store in
/// order. Begun by [`Bus::worker`].
#[derive(Debug, Clone)]
#[must_use = "a worker works only when it is run"]
pub struct WorkerBuilder {
    state: Arc<Extensions>,
    config: Config,
    problem: Option<NameError>,
    signals: Signals,
    deaf: bool,
}

impl WorkerBuilder {
    pub(super) fn new(bus: &Bus) -> Self {
        Self {
            state: Arc::clone(bus.extensions()),
            config: Config::default(),
            problem: None,
            signals: Signals::default(),
            deaf: false,
        }
    }

    /// From these queues, each with its weight: while all have jobs, a queue of weight 3 gets three
    /// times the work of one of weight 1; what one does not need the others get. Default: all
    /// queues of the store, evenly.
    pub fn queues<N: AsRef<str>>(mut self, queues: impl IntoIterator<Item = (N, u32)>) -> Self {
        let named = queues.into_iter();
        let named = named.map(|(name, weight)| Ok((QueueName::new(name)?, weight)));
        match named.collect() {
            Ok(queues) => self.config.queues = QueueOrder::Weighted(queues),
            Err(problem) => self.problem = Some(problem),
        }
        self
    }

    /// From these queues in strict order: from each only while those before it are empty.
    pub fn strict_queues<N: AsRef<str>>(mut self, queues: impl IntoIterator<Item = N>) -> Self {
        match queues.into_iter().map(QueueName::new).collect() {
            Ok(queues) => self.config.queues = QueueOrder::Strict(queues),
            Err(problem) => self.problem = Some(problem),
        }
        self
    }

    /// At most so many jobs at a time. Default: 64; at least 1. Jobs that wait (for a network, a
    /// database) take a slot and hardly any processor: set it by what they wait for.
    pub fn concurrency(mut self, jobs: usize) -> Self {
        self.config.concurrency = jobs.max(1);
        self
    }

    /// At most so many jobs taken ahead of the free slots. Default: 2 000, of which it uses what it
    /// runs in the next 50 ms; at most 10 000. 0: a job is taken only when a slot is free.
    pub fn prefetch(mut self, jobs: usize) -> Self {
        self.config.prefetch = jobs.min(10 * MAX_BATCH);
        self
    }

    /// How long the store waits for a sign of life before others get this worker's jobs. Default:
    /// 30 s. A sign is sent each third of it.
    pub fn lease(mut self, time: Duration) -> Self {
        self.config.lease = time.max(Duration::from_millis(100));
        self
    }

    /// How long jobs that run are waited for at the end; what still runs then is given back and
    /// costs no attempt. Default: 25 s, below the 30 s that most supervisors wait.
    pub fn grace(mut self, time: Duration) -> Self {
        self.config.grace = time;
        self
    }

    /// How often to look for jobs when no wake-up comes. Default: what the store advises.
    pub fn poll(mut self, time: Duration) -> Self {
        self.config.poll = Some(time.max(Duration::from_millis(1)));
        self
    }

    /// Ends after so many jobs.
    pub fn max_jobs(mut self, jobs: u64) -> Self {
        self.config.max_jobs = Some(jobs);
        self
    }

    /// Ends after so long, as if asked to.
    pub fn max_time(mut self, time: Duration) -> Self {
        self.config.max_time = Some(time);
        self
    }

    /// Ends when no job is due any more: drain and stop. Jobs that are due later stay.
    pub fn until_empty(mut self) -> Self {
        self.config.until_empty = true;
        self
    }

    /// Ends in order when this token is cancelled. Signals of the operating system are heard as
    /// well; see [`no_signals`](Self::no_signals).
    pub fn stop_on(mut self, token: CancellationToken) -> Self {
        self.signals.stop = token;
        self
    }

    /// Leaves ctrl-c and SIGTERM to the program.
    pub fn no_signals(mut self) -> Self {
        self.deaf = true;
        self
    }

    /// Works until told to end: by ctrl-c, by SIGTERM, by the token, or by its limits. Nothing is
    /// left behind then: what it could not finish is back in the store.
    ///
    /// # Errors
    /// [`RunError`], if it cannot start.
    pub async fn run(self) -> Result<(), RunError> {
        if let Some(problem) = self.problem {
            return Err(problem.into());
        }
        let store = self.state.get::<Store>().ok_or(StoreError::NoBus)?.clone();
        let board = self.state.get_arc::<Board>().ok_or(StoreError::NoBus)?;
        let driver = Arc::clone(store.driver().await?);
        let lease = self.config.lease;
        if self.config.until_empty {
            promote_due(&*driver, &store).await?;
        }
        let worker = Worker::new(
            Arc::clone(&driver),
            store.clone(),
            self.state,
            Arc::clone(&board),
            self.config,
        );
        let upkeep = Upkeep {
            driver,
            store,
            board,
            worker: worker.id(),
            lease,
        };
        let mut tasks = JoinSet::new();
        upkeep.start(&mut tasks);
        if !self.deaf {
            tasks.spawn(obey(self.signals.clone()));
        }
        worker.run(self.signals).await;
        tasks.shutdown().await;
        Ok(())
    }
}

/// What is due is there before a worker looks that ends when there is nothing.
async fn promote_due(driver: &dyn crate::driver::Driver, store: &Store) -> Result<(), StoreError> {
    while driver.promote(MAX_BATCH, store.now()).await?.count >= MAX_BATCH {}
    Ok(())
}
