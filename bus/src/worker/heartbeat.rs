//! The worker's signs of life.

use std::sync::Arc;
use std::time::Duration;

use super::execute::Surroundings;
use super::hub::Hub;
use crate::driver::{Driver, Heartbeat, Settlement, WorkerInfo};
use crate::queue::cancelled_unbegun;
use crate::telemetry::{Board, Pulse, Stats};

/// A failed heartbeat is repeated so soon.
const AGAIN: Duration = Duration::from_secs(1);
/// The store hears of the worker at most so often, whatever asks for it.
const SELDOM: Duration = Duration::from_millis(250);

/// What sends the heartbeats.
#[derive(Debug)]
pub(super) struct Heart {
    pub(super) driver: Arc<dyn Driver>,
    pub(super) hub: Arc<Hub>,
    pub(super) around: Arc<Surroundings>,
    pub(super) pulse: Arc<Pulse>,
    pub(super) board: Arc<Board>,
    pub(super) info: WorkerInfo,
}

impl Heart {
    /// Beats each third of a lease, and when asked, until aborted.
    pub(super) async fn run(self) {
        let clock = Arc::clone(self.around.store.clock());
        loop {
            let beaten = self.beat().await;
            let pause = if beaten {
                self.info.lease / 3
            } else {
                AGAIN.min(self.info.lease / 3)
            };
            let next = clock.sleep_until(clock.now() + pause);
            tokio::select! {
                () = next => {}
                () = async {
                    tokio::time::sleep(SELDOM).await;
                    self.hub.beat.notified().await;
                } => {}
            }
        }
    }

    /// Beats; whether the store answered.
    pub(super) async fn beat(&self) -> bool {
        // If the clock turns out to be far off, a wrong end of the lease was told: once more.
        match self.once().await {
            Some(moved) if moved > self.info.lease / 6 => self.once().await.is_some(),
            moved => moved.is_some(),
        }
    }

    /// One heartbeat; how far it moved the clock, if the store answered.
    async fn once(&self) -> Option<Duration> {
        let store = &self.around.store;
        let (now, sent) = (store.now(), store.clock().now());
        match self.driver.heartbeat(&self.info, now).await {
            Ok(heartbeat) => {
                let moved = store.heard_time(heartbeat.store_time, sent);
                if heartbeat.registered || !self.pulse.is_alive(now) {
                    self.hub.lapsed();
                }
                self.pulse.beat(now, now + self.info.lease);
                self.heard(heartbeat);
                Some(moved)
            }
            Err(error) => {
                let text = crate::registry::with_sources(&error);
                tracing::warn!(error = text, "the store did not take the heartbeat");
                self.pulse.store_error(Some(text));
                let more = Stats {
                    store_errors: 1,
                    ..Stats::default()
                };
                self.board.counters.add(&more);
                None
            }
        }
    }

    fn heard(&self, heartbeat: Heartbeat) {
        let now = self.around.store.now();
        let unbegun = self.hub.cancel(&heartbeat.cancelled);
        if unbegun.is_empty() {
            return;
        }
        let over = unbegun
            .into_iter()
            .map(|job| cancelled_unbegun(job.lease, now));
        let over: Vec<Settlement> = over.collect();
        self.hub.lock().done.extend(over);
        self.hub.pump.notify_one();
    }
}
