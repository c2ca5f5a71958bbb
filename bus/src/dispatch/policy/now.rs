//! The time of local limits, in one number.
use crate::clock;
use std::sync::LazyLock;
use tokio::time::Instant;

/// Nanoseconds since this process first asked. Follows tokio's clock, so tests may pause it.
#[inline]
pub(in super::super) fn nanos() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(clock::instant);
    let start = *START;
    u64::try_from(clock::instant().saturating_duration_since(start).as_nanos()).unwrap_or(u64::MAX)
}
