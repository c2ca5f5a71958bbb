//! How long to wait before the next attempt.

use std::time::Duration;

/// The pause after a failed attempt. `const`, so that a declaration can hold it in a static.
///
/// ```
/// use bus::job::{Backoff, Jitter};
/// use std::time::Duration;
/// const EACH: Backoff = Backoff::exponential(Duration::from_secs(1), Duration::from_secs(3600));
/// assert_eq!(EACH.delay(1, 0), Duration::from_secs(1));
/// assert_eq!(EACH.delay(4, 0), Duration::from_secs(8));
/// assert_eq!(EACH.delay(40, 0), Duration::from_secs(3600));
/// let spread = EACH.with_jitter(Jitter::HALF);
/// assert!(spread.delay(4, 7) >= Duration::from_secs(4));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    shape: Shape,
    jitter: Jitter,
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    Fixed(Duration),
    List(&'static [Duration]),
    Exponential { base: Duration, max: Duration },
    Function(fn(u32) -> Duration),
}

/// The share of a pause that chance may take away, so that jobs that failed together do not come
/// back together. A pause only ever gets shorter: a maximum stays one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jitter(u8);

impl Jitter {
    /// Exact pauses.
    pub const NONE: Self = Self(0);
    /// Between half and all of the pause: what `jitter` means in a declaration.
    pub const HALF: Self = Self(50);

    /// Up to `percent` of the pause; more than 100 is 100.
    #[must_use]
    pub const fn percent(percent: u8) -> Self {
        Self(if percent > 100 { 100 } else { percent })
    }
}

impl Backoff {
    /// What a job that declares none has: from 1 s doubling to 1 h, with jitter.
    pub const DEFAULT: Self =
        Self::exponential(Duration::from_secs(1), Duration::from_secs(60 * 60))
            .with_jitter(Jitter::HALF);

    /// The same pause each time.
    #[must_use]
    pub const fn fixed(pause: Duration) -> Self {
        Self {
            shape: Shape::Fixed(pause),
            jitter: Jitter::NONE,
        }
    }

    /// One pause after the other; the last repeats. An empty list pauses not at all.
    #[must_use]
    pub const fn list(pauses: &'static [Duration]) -> Self {
        Self {
            shape: Shape::List(pauses),
            jitter: Jitter::NONE,
        }
    }

    /// `base` after the first failure, doubled after each, `max` at most.
    #[must_use]
    pub const fn exponential(base: Duration, max: Duration) -> Self {
        Self {
            shape: Shape::Exponential { base, max },
            jitter: Jitter::NONE,
        }
    }

    /// Whatever `pause` says for the number of failed attempts, from 1 on.
    #[must_use]
    pub const fn function(pause: fn(u32) -> Duration) -> Self {
        Self {
            shape: Shape::Function(pause),
            jitter: Jitter::NONE,
        }
    }

    /// The same with this jitter.
    #[must_use]
    pub const fn with_jitter(self, jitter: Jitter) -> Self {
        Self {
            shape: self.shape,
            jitter,
        }
    }

    /// The pause after `failed` failed attempts (1 after the first; 0 counts as 1). `seed` decides
    /// the jitter: the same seed and attempt give the same pause, on each machine.
    #[must_use]
    pub fn delay(&self, failed: u32, seed: u64) -> Duration {
        let failed = failed.max(1);
        let pause = match self.shape {
            Shape::Fixed(pause) => pause,
            Shape::List(pauses) => {
                let at = usize::try_from(failed - 1).unwrap_or(usize::MAX);
                pauses
                    .get(at)
                    .or(pauses.last())
                    .copied()
                    .unwrap_or(Duration::ZERO)
            }
            Shape::Exponential { base, max } => {
                let factor = 1_u32.checked_shl(failed - 1).unwrap_or(u32::MAX);
                base.saturating_mul(factor).min(max)
            }
            Shape::Function(pause) => pause(failed),
        };
        self.jitter.shorten(pause, seed ^ u64::from(failed))
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Jitter {
    fn shorten(self, pause: Duration, seed: u64) -> Duration {
        if self.0 == 0 {
            return pause;
        }
        // 32 bits of chance are enough; the fraction is below 1, so nothing overflows.
        let chance = (spread(seed) >> 32) as u32;
        let share = f64::from(chance) / (f64::from(u32::MAX) + 1.0) * f64::from(self.0) / 100.0;
        pause.saturating_sub(pause.mul_f64(share))
    }
}

/// SplitMix64: seeds that differ by one give unrelated words.
const fn spread(seed: u64) -> u64 {
    let mut word = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn each_shape_gives_its_pauses() {
        const LIST: Backoff = Backoff::list(&[S, Duration::from_secs(10)]);
        assert_eq!(
            [1, 2, 3, 99].map(|n| LIST.delay(n, 0).as_secs()),
            [1, 10, 10, 10]
        );
        assert_eq!(Backoff::list(&[]).delay(1, 0), Duration::ZERO);
        assert_eq!(Backoff::fixed(S * 30).delay(7, 0), S * 30);
        assert_eq!(Backoff::function(|n| S * n * n).delay(3, 0), S * 9);
        assert_eq!(Backoff::exponential(S, S * 60).delay(0, 0), S);
        assert_eq!(
            Backoff::exponential(Duration::MAX, Duration::MAX).delay(9, 0),
            Duration::MAX
        );
    }

    #[test]
    fn jitter_spreads_jobs_that_failed_together() {
        let backoff = Backoff::fixed(S).with_jitter(Jitter::HALF);
        let mut pauses: Vec<_> = (0..100).map(|seed| backoff.delay(1, seed)).collect();
        pauses.sort();
        pauses.dedup();
        assert!(pauses.len() > 95);
        let middle = pauses[pauses.len() / 2];
        assert!(middle > S * 65 / 100 && middle < S * 85 / 100, "{middle:?}");
    }

    proptest! {
        #[test]
        fn an_exponential_pause_never_shrinks_nor_passes_its_maximum(
            base in 0_u64..100_000, max in 0_u64..100_000_000, failed in 1_u32..200,
        ) {
            let max = Duration::from_millis(max);
            let backoff = Backoff::exponential(Duration::from_millis(base), max);
            prop_assert!(backoff.delay(failed, 0) <= backoff.delay(failed + 1, 0));
            prop_assert!(backoff.delay(failed, 0) <= max);
        }

        #[test]
        fn jitter_takes_at_most_its_share_and_is_the_same_for_a_seed(
            millis in 0_u64..1_000_000_000, percent in 0_u8..=100, failed in 1_u32..50, seed: u64,
        ) {
            let pause = Duration::from_millis(millis);
            let backoff = Backoff::fixed(pause).with_jitter(Jitter::percent(percent));
            let delay = backoff.delay(failed, seed);
            prop_assert_eq!(delay, backoff.delay(failed, seed));
            prop_assert!(delay <= pause);
            let least = pause.mul_f64(f64::from(100 - percent) / 100.0);
            prop_assert!(delay + Duration::from_micros(1) >= least);
        }
    }
}
