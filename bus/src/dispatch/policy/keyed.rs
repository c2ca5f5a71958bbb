//! `rate = "5/s per account"`: one limit a key, in bounded memory.
use super::gcra::Quota;
use super::now::nanos;
use crate::command::{Command, Error};
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// The hash of the fields that a limit is kept by: the fields themselves are not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(u64);

/// The key of these fields, with a seed of this process: nobody outside can aim for
/// another's key.
#[inline]
pub fn key(fields: &impl Hash) -> Key {
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    Key(SEED.hash_one(fields))
}

/// How many keys one limit remembers. A key that has had a quiet time needs no memory, so
/// more keys than this must be busy at once before any is forgotten early.
const KEYS: usize = 65_536;

/// Keys are spread over so many locks.
const SHARDS: usize = 32;

/// What a shard keeps of a key.
pub(super) trait Entry: Copy {
    /// From when on the entry says nothing that an absent one would not.
    fn idle_from(&self) -> u64;
}

impl Entry for u64 {
    fn idle_from(&self) -> u64 {
        *self
    }
}

/// A map from key to entry that stays below [`KEYS`].
#[derive(Debug)]
pub(super) struct Shards<E>(LazyLock<Box<[Shard<E>]>>);

type Shard<E> = Mutex<HashMap<Key, E, BuildHasherDefault<KeyHasher>>>;

impl<E: Entry> Shards<E> {
    pub(super) const fn new() -> Self {
        Self(LazyLock::new(|| {
            (0..SHARDS).map(|_| Mutex::default()).collect()
        }))
    }

    /// Changes the entry of `key`. Runs under the lock of its shard: `change` is short.
    pub(super) fn update<R>(
        &self,
        key: Key,
        now: u64,
        change: impl FnOnce(Option<E>) -> (E, R),
    ) -> R {
        let shard = &self.0[key.0 as usize % SHARDS];
        let mut entries = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let (entry, result) = change(entries.get(&key).copied());
        if !entries.contains_key(&key) && entries.len() >= KEYS / SHARDS {
            make_room(&mut entries, now);
        }
        entries.insert(key, entry);
        result
    }
}

/// Forgets the idle, or if all are busy the sixteenth part that is idle soonest: several at
/// once, so that a flood of new keys does not search for each.
fn make_room<E: Entry>(entries: &mut HashMap<Key, E, BuildHasherDefault<KeyHasher>>, now: u64) {
    entries.retain(|_, entry| entry.idle_from() > now);
    if entries.len() >= KEYS / SHARDS {
        let mut left = entries.len().div_ceil(16);
        let mut idle: Vec<u64> = entries.values().map(Entry::idle_from).collect();
        let (_, &mut soon, _) = idle.select_nth_unstable(left - 1);
        entries.retain(|_, entry| {
            let keep = left == 0 || entry.idle_from() > soon;
            left -= usize::from(!keep);
            keep
        });
    }
}

/// A key is a hash already.
#[derive(Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        // The shard took the lowest bits: the map must not see only equal ones.
        self.0 = hash.rotate_right(8);
    }
}

/// The limits of one command in this process, one a key.
#[derive(Debug)]
pub struct KeyedRate {
    quota: Quota,
    due: Shards<u64>,
}

impl KeyedRate {
    /// Limits that nothing has counted against yet.
    pub const fn new(quota: Quota) -> Self {
        Self {
            quota,
            due: Shards::new(),
        }
    }

    /// What it lets through.
    pub(in super::super) fn quota(&self) -> Quota {
        self.quota
    }

    /// Counts one of this key, or says how long to wait; other keys pass.
    ///
    /// # Errors
    /// How long until the next one of this key fits.
    pub fn take(&self, key: Key) -> Result<(), Duration> {
        let now = nanos();
        self.due.update(key, now, |due| {
            let due = due.unwrap_or(0);
            match self.quota.decide(due, now) {
                Ok(next) => (next, Ok(())),
                Err(wait) => (due, Err(wait)),
            }
        })
    }

    /// Counts one dispatch of `C` with this key.
    ///
    /// # Errors
    /// `Error::RateLimited`.
    #[inline]
    pub fn check<C: Command>(&self, key: Key) -> Result<(), Error<C::Error>> {
        self.take(key).map_err(|retry_after| Error::RateLimited {
            command: C::DESCRIPTOR,
            retry_after,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_limited_apart_and_memory_is_bounded() {
        let rate = KeyedRate::new(Quota::new(1, 3_600_000_000_000, 1));
        for account in 0..2 * KEYS {
            assert!(
                rate.take(key(&account)).is_ok(),
                "{account} is the first of its key"
            );
        }
        let kept: usize = rate
            .due
            .0
            .iter()
            .map(|shard| shard.lock().unwrap().len())
            .sum();
        assert!(kept <= KEYS, "{kept} keys are kept");
        let recent = key(&(2 * KEYS - 1));
        assert!(rate.take(recent).is_err(), "a busy key is remembered");
    }
}
