//! The time of local limits: the only file of the wing that reads a clock.
use std::sync::LazyLock;
use tokio::time::Instant;

/// Now. Follows tokio's clock, so tests may pause it.
#[inline]
pub(super) fn instant() -> Instant {
    Instant::now()
}

/// Nanoseconds since this process first asked.
#[inline]
pub(super) fn nanos() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(instant);
    let start = *START;
    u64::try_from(instant().saturating_duration_since(start).as_nanos()).unwrap_or(u64::MAX)
}
