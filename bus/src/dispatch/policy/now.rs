//! The time of local limits, in one number.
use crate::clock;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::time::Instant;

/// How long before the first question the count begins: a test's runtime whose clock stands
/// still may be that far behind and still gets a number of its own.
const EARLIER: Duration = Duration::from_secs(24 * 60 * 60);

/// Nanoseconds since a moment that this process keeps. Follows tokio's clock, so tests may
/// pause it.
#[inline]
pub(in super::super) fn nanos() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(start);
    let start = *START;
    u64::try_from(clock::instant().saturating_duration_since(start).as_nanos()).unwrap_or(u64::MAX)
}

/// The system's time, not that of a test that moved its clock ahead: for all others the
/// number would stand at 0 until they caught up.
#[cold]
fn start() -> Instant {
    let now = Instant::from_std(std::time::Instant::now());
    now.checked_sub(EARLIER).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::nanos;
    use std::time::Duration;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    }

    #[test]
    fn a_test_ahead_of_time_does_not_stop_the_time_of_another() {
        runtime().block_on(async {
            tokio::time::advance(Duration::from_secs(3600)).await;
            nanos();
        });
        runtime().block_on(async {
            let before = nanos();
            tokio::time::advance(Duration::from_millis(5)).await;
            assert_eq!(nanos() - before, 5_000_000);
        });
    }
}
