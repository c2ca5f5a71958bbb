//! Chance that can be repeated.
use std::ops::Range;
use std::time::{Duration, SystemTime};

const VARIABLE: &str = "BUS_TEST_SEED";

/// Random numbers from a seed, which is printed: a test that fails shows it. `BUS_TEST_SEED`
/// gives the numbers of that run again.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// With the seed of the environment, else with a new one.
    #[expect(clippy::new_without_default, reason = "two are not the same")]
    pub fn new() -> Self {
        let given = std::env::var(VARIABLE).ok();
        let given = given.and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            since.map_or(1, |since| {
                u64::from(since.subsec_nanos()) ^ since.as_secs() << 30
            })
        });
        println!("to roll the same dice: {VARIABLE}={seed}");
        Self::of(seed)
    }

    /// With this seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number (SplitMix64).
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of the range.
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.roll() % (range.end - range.start)
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.roll().is_multiple_of(times)
    }

    /// So many milliseconds, or fewer.
    pub fn milliseconds(&mut self, most: u64) -> Duration {
        Duration::from_millis(self.within(0..most + 1))
    }
}

/// A number of the environment: how much a test does, where it can do more than its time in the
/// daily run allows.
///
/// # Panics
/// If the variable is set and no number.
pub fn amount(variable: &str, default: usize) -> usize {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is to be a number, not {text:?}")),
        Err(_) => default,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_the_same_numbers() {
        let rolls = |seed| {
            let mut dice = Dice::of(seed);
            [dice.roll(), dice.roll(), dice.roll()]
        };
        assert_eq!(rolls(7), rolls(7));
        assert_ne!(rolls(7), rolls(8));
        let mut dice = Dice::of(7);
        assert!((0..1_000).all(|_| (3..9).contains(&dice.within(3..9))));
        assert!((200..400).contains(&(0..1_000).filter(|_| dice.one_in(3)).count()));
    }
}
