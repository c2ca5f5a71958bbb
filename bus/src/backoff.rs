//! How long to wait before the next attempt (to be replaced by the job wing's).
use std::time::Duration;

/// How long to wait before the next attempt.
#[derive(Clone, Copy, Debug)]
pub enum Backoff {
    /// The same each time.
    Fixed(Duration),
    /// One after the other.
    List(&'static [Duration]),
    /// Doubled each time.
    Exponential(Duration, Duration),
    /// What it says.
    Function(fn(u32) -> Duration),
}

/// How much of a pause chance may take away.
#[derive(Clone, Copy, Debug)]
pub struct Jitter(());

impl Jitter {
    /// Half.
    pub const HALF: Self = Self(());
}

#[expect(missing_docs, reason = "replaced soon")]
impl Backoff {
    pub const DEFAULT: Self = Self::Exponential(Duration::from_secs(1), Duration::from_secs(3600));
    pub const fn fixed(pause: Duration) -> Self {
        Self::Fixed(pause)
    }
    pub const fn list(pauses: &'static [Duration]) -> Self {
        Self::List(pauses)
    }
    pub const fn exponential(base: Duration, max: Duration) -> Self {
        Self::Exponential(base, max)
    }
    pub const fn function(pause: fn(u32) -> Duration) -> Self {
        Self::Function(pause)
    }
    #[must_use]
    pub const fn with_jitter(self, _: Jitter) -> Self {
        self
    }

    /// Before attempt `attempt + 1`.
    pub fn delay(&self, attempt: u32) -> Duration {
        match self {
            Self::Fixed(delay) => *delay,
            Self::List(list) => list[(attempt as usize - 1).min(list.len() - 1)],
            Self::Exponential(base, max) => (*base * (1 << (attempt - 1).min(16))).min(*max),
            Self::Function(pause) => pause(attempt),
        }
    }
}
