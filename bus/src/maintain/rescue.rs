//! Jobs of workers that stopped without a word.

use std::time::Duration;

use super::upkeep::Upkeep;
use crate::driver::{Ending, MAX_BATCH, Rescue, Rescued, Settled, Settlement};
use crate::queue::exhausted;
use crate::registry::Runnables;
use crate::telemetry::Stats;

/// Jobs that are out of attempts come back so far apart, a thousand in ten seconds: one of them may
/// have killed the worker, and the others must not be taken together with it once more.
const APART: Duration = Duration::from_millis(10);

impl Upkeep {
    pub(super) async fn rescue(self) {
        let jobs = Runnables::linked();
        // Twice a lease: a lost worker's jobs wait one and a half leases at the most.
        let pause = self.lease / 2;
        loop {
            // At the start there may be jobs of the process that ran here before.
            while self.sweep(&jobs).await {}
            self.pause(pause).await;
        }
    }

    /// One bounded step; whether there may be more.
    async fn sweep(&self, jobs: &Runnables) -> bool {
        // By a clock that is wrong, the living would be taken for lost.
        if let Err(error) = self.store.ask_time(&*self.driver).await {
            self.failed("rescue", &error);
            return false;
        }
        let now = self.now();
        let rescue = Rescue {
            by: self.worker,
            retry_at: now,
            limit: MAX_BATCH,
        };
        let rescued = match self.driver.rescue(&rescue, now).await {
            Ok(rescued) => rescued,
            Err(error) => {
                self.failed("rescue", &error);
                return false;
            }
        };
        let moved = rescued.moved();
        if moved > 0 {
            tracing::warn!(jobs = moved, "jobs of lost workers were rescued");
            self.count(&Stats {
                rescued: u64::try_from(moved).unwrap_or(u64::MAX),
                ..Stats::default()
            });
        }
        self.settle(rescued, jobs).await;
        moved >= MAX_BATCH
    }

    /// Settles what has no attempts left, or was asked to end.
    async fn settle(&self, rescued: Rescued, jobs: &Runnables) {
        let now = self.now();
        let mut again = now;
        let settle = |job| {
            let over = exhausted(job, jobs, self.worker, now, again);
            again = again + APART;
            over
        };
        let over: Vec<Settlement> = rescued.exhausted.into_iter().map(settle).collect();
        if over.is_empty() {
            return;
        }
        loop {
            match self.driver.settle(self.worker, &over, self.now()).await {
                Ok(settled) => return self.count(&ended(&over, &settled)),
                // They are this worker's now; if it gives up, its lease ends and another comes.
                Err(error) if error.is_transient() => {
                    self.failed("rescue", &error);
                    self.pause(Duration::from_secs(1)).await;
                }
                Err(error) => return self.failed("rescue", &error),
            }
        }
    }
}

/// How many ended, and how. A job that runs again is one of the rescued, and no more.
fn ended(over: &[Settlement], settled: &[Settled]) -> Stats {
    let mut stats = Stats::default();
    for (one, settled) in over.iter().zip(settled) {
        match one.ending {
            Ending::Dead { .. } if *settled == Settled::Applied => stats.dead += 1,
            Ending::Cancelled { .. } if *settled == Settled::Applied => stats.cancelled += 1,
            _ => {}
        }
    }
    stats
}
