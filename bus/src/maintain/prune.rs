//! Ended jobs go after their time of keeping.

use std::time::Duration;

use super::upkeep::Upkeep;
use crate::driver::MAX_BATCH;
use crate::telemetry::Stats;

/// How often to look: nothing depends on it, so seldom.
const LOOK: Duration = Duration::from_secs(30);

impl Upkeep {
    pub(super) async fn prune(self) {
        loop {
            match self.driver.prune(MAX_BATCH, self.now()).await {
                Ok(pruned) => {
                    self.count(&Stats {
                        pruned,
                        ..Stats::default()
                    });
                    if usize::try_from(pruned).is_ok_and(|pruned| pruned >= MAX_BATCH) {
                        tokio::task::yield_now().await;
                        continue;
                    }
                }
                Err(error) => self.failed("prune", &error),
            }
            self.pause(LOOK).await;
        }
    }
}
