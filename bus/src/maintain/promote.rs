//! Due jobs become available.

use std::time::Duration;

use super::upkeep::Upkeep;
use crate::driver::MAX_BATCH;
use crate::telemetry::Stats;

/// How late a due job may be found, where the store does not say when the next is due.
const LOOK: Duration = Duration::from_millis(250);

impl Upkeep {
    pub(super) async fn promote(self) {
        loop {
            let now = self.now();
            let next = match self.driver.promote(MAX_BATCH, now).await {
                Ok(promoted) => {
                    self.count(&Stats {
                        promoted: u64::try_from(promoted.count).unwrap_or(u64::MAX),
                        ..Stats::default()
                    });
                    if promoted.count >= MAX_BATCH {
                        continue;
                    }
                    // Others may store what is due sooner, so it looks again in any case.
                    promoted.next_due.filter(|&due| due > now)
                }
                Err(error) => {
                    self.failed("promote", &error);
                    None
                }
            };
            let pause = next.map_or(LOOK, |due| due.since(now).min(LOOK));
            self.pause(pause.max(Duration::from_millis(1))).await;
        }
    }
}
