//! How long to wait before the next attempt (to be replaced by the job wing's).
use std::time::Duration;

/// How long to wait before the next attempt.
#[derive(Debug)]
pub enum Backoff {
    /// The same each time.
    Fixed(Duration),
}

impl Backoff {
    /// Before attempt `attempt + 1`.
    pub fn delay(&self, _attempt: u32) -> Duration {
        let Self::Fixed(delay) = self;
        *delay
    }
}
