//! What a `Cache` remembers, within its bounds of number and time.
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use tokio::sync::watch;

/// The output of one key.
pub(super) enum Entry<T> {
    /// It is remembered.
    Ready {
        output: Arc<T>,
        until: u64,
        /// Which of the puts it was.
        turn: u64,
    },
    /// It is being made.
    Flying {
        id: u64,
        landing: watch::Receiver<Landing<T>>,
    },
}

/// What became of an output that was being made.
pub(super) enum Landing<T> {
    Aloft,
    Landed(Arc<T>),
    Failed,
}

impl<T> Clone for Landing<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Aloft => Self::Aloft,
            Self::Landed(output) => Self::Landed(Arc::clone(output)),
            Self::Failed => Self::Failed,
        }
    }
}

/// Outputs and flights by key.
pub(super) struct Store<K, T> {
    entries: HashMap<K, Entry<T>>,
    /// The puts, oldest first. As all live equally long this is the order of expiry too.
    turns: VecDeque<(u64, K)>,
    turn: u64,
}

impl<K, T> Default for Store<K, T> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            turns: VecDeque::new(),
            turn: 0,
        }
    }
}

impl<K: Hash + Eq + Clone, T> Store<K, T> {
    /// The entry of `key`, if it has not expired.
    pub(super) fn get(&self, key: &K, now: u64) -> Option<&Entry<T>> {
        self.entries.get(key).filter(|entry| match entry {
            Entry::Ready { until, .. } => *until > now,
            Entry::Flying { .. } => true,
        })
    }

    /// Says that the output of `key` is being made.
    pub(super) fn fly(&mut self, key: K, id: u64, landing: watch::Receiver<Landing<T>>) {
        self.entries.insert(key, Entry::Flying { id, landing });
    }

    /// Ends this flight; false if it was ended or forgotten before.
    pub(super) fn end_flight(&mut self, key: &K, ended: u64) -> bool {
        let flies = matches!(self.entries.get(key), Some(Entry::Flying { id, .. }) if *id == ended);
        if flies {
            self.entries.remove(key);
        }
        flies
    }

    /// Remembers `output` for `ttl`, as one of at most `capacity`.
    pub(super) fn put(&mut self, key: K, output: Arc<T>, now: u64, ttl: u64, capacity: usize) {
        while let Some((turn, oldest)) = self.turns.front() {
            let expired = match self.entries.get(oldest) {
                Some(Entry::Ready { until, turn: t, .. }) if t == turn => *until <= now,
                // Its place was taken since, or it was forgotten.
                _ => true,
            };
            if !expired && self.turns.len() < capacity {
                break;
            }
            self.drop_oldest();
        }
        self.turn += 1;
        self.turns.push_back((self.turn, key.clone()));
        let entry = Entry::Ready {
            output,
            until: now.saturating_add(ttl),
            turn: self.turn,
        };
        self.entries.insert(key, entry);
    }

    fn drop_oldest(&mut self) {
        let Some((turn, oldest)) = self.turns.pop_front() else {
            return;
        };
        if matches!(self.entries.get(&oldest), Some(Entry::Ready { turn: t, .. }) if *t == turn) {
            self.entries.remove(&oldest);
        }
    }

    pub(super) fn forget(&mut self, key: &K) {
        self.entries.remove(key);
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.turns.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(store: &Store<u32, u32>, key: u32, now: u64) -> bool {
        store.get(&key, now).is_some()
    }

    #[test]
    fn memory_is_bounded_in_number_and_time() {
        let mut store = Store::default();
        for key in 0..100_u32 {
            store.put(key, Arc::new(key), u64::from(key), 1_000, 10);
            assert!(store.entries.len() <= 10 && store.turns.len() <= 10);
        }
        assert!(has(&store, 90, 100) && !has(&store, 89, 100));
        assert!(has(&store, 99, 1_098) && !has(&store, 99, 1_099));
        store.put(7, Arc::new(7), 5_000, 1_000, 10);
        assert_eq!(store.entries.len(), 1, "the expired went first");
    }

    #[test]
    fn one_key_put_again_and_again_stays_one() {
        let mut store = Store::default();
        for now in 0..100 {
            store.put(1, Arc::new(1), now, 10, 3);
            store.forget(&1);
            store.put(1, Arc::new(1), now, 10, 3);
        }
        assert!(has(&store, 1, 100));
        assert!(store.turns.len() <= 3);
    }

    #[test]
    fn a_flight_that_was_forgotten_has_ended() {
        let mut store: Store<u32, u32> = Store::default();
        let (_sender, landing) = watch::channel(Landing::Aloft);
        store.fly(1, 1, landing.clone());
        store.forget(&1);
        store.fly(1, 2, landing);
        assert!(!store.end_flight(&1, 1), "another one flies now");
        assert!(store.end_flight(&1, 2));
    }
}
