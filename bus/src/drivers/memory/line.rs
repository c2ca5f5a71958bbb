//! An ordered map for keys that mostly come in their order and leave from the front.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use super::rows::Slot;

/// Rows by key. Ids and places in a queue rise with each new job but for few, and the oldest go
/// first: then coming and going touch one end of a plain list, where a tree would be searched. What
/// comes out of order is in a tree beside it.
#[derive(Debug)]
pub(super) struct Line<K> {
    /// Ascending; `None`: it has left. The first and the last are there.
    list: VecDeque<(K, Option<Slot>)>,
    /// How many of the list have left.
    gaps: usize,
    /// What came when there was a higher one in the list.
    late: BTreeMap<K, Slot>,
}

impl<K> Default for Line<K> {
    fn default() -> Self {
        Self {
            list: VecDeque::new(),
            gaps: 0,
            late: BTreeMap::new(),
        }
    }
}

/// A list no longer than this is not worth tidying.
const SMALL: usize = 1_024;

impl<K: Copy + Ord> Line<K> {
    pub(super) fn len(&self) -> usize {
        self.list.len() - self.gaps + self.late.len()
    }

    /// Adds a key that is not in it.
    pub(super) fn insert(&mut self, key: K, slot: Slot) {
        match self.list.back() {
            Some(&(last, _)) if key <= last => {
                self.late.insert(key, slot);
            }
            _ => self.list.push_back((key, Some(slot))),
        }
    }

    pub(super) fn get(&self, key: K) -> Option<Slot> {
        let listed = self.list.get(self.position(key));
        let listed = listed.filter(|(known, _)| *known == key);
        let listed = listed.and_then(|&(_, slot)| slot);
        listed.or_else(|| self.late.get(&key).copied())
    }

    pub(super) fn remove(&mut self, key: K) -> Option<Slot> {
        let at = self.position(key);
        let listed = self.list.get_mut(at);
        match listed.filter(|(known, _)| *known == key) {
            Some((_, slot)) if slot.is_some() => {
                let slot = slot.take();
                self.gaps += 1;
                self.tidy();
                slot
            }
            _ => self.late.remove(&key),
        }
    }

    pub(super) fn first(&self) -> Option<(K, Slot)> {
        let late = self.late.first_key_value();
        let late = late.map(|(&key, &slot)| (key, slot));
        let listed = self.list.front();
        let listed = listed.and_then(|&(key, slot)| Some((key, slot?)));
        match (listed, late) {
            (Some(listed), Some(late)) => Some(listed.min(late)),
            (listed, late) => listed.or(late),
        }
    }

    /// All from there on.
    pub(super) fn ascending(&self, from: Bound<K>) -> impl Iterator<Item = (K, Slot)> {
        let start = match from {
            Bound::Unbounded => 0,
            Bound::Included(key) => self.position(key),
            Bound::Excluded(key) => self.behind(key),
        };
        let listed = self.list.range(start..).filter_map(present);
        let late = self.late.range((from, Bound::Unbounded));
        merged(listed, late.map(|(&key, &slot)| (key, slot)), K::lt)
    }

    /// All below `to`, the highest first.
    pub(super) fn descending(&self, to: Option<K>) -> impl Iterator<Item = (K, Slot)> {
        let end = to.map_or(self.list.len(), |key| self.position(key));
        let listed = self.list.range(..end).rev().filter_map(present);
        let below = to.map_or(Bound::Unbounded, Bound::Excluded);
        let late = self.late.range((Bound::Unbounded, below)).rev();
        merged(listed, late.map(|(&key, &slot)| (key, slot)), K::gt)
    }

    /// Where the key is in the list, or would be. Looks from the front on in growing steps, as what
    /// is asked for is mostly near it.
    fn position(&self, key: K) -> usize {
        // What is new is behind all others.
        if self.list.back().is_none_or(|&(last, _)| last < key) {
            return self.list.len();
        }
        let mut far = 1;
        while self.list.get(far - 1).is_some_and(|&(at, _)| at < key) {
            far *= 2;
        }
        let (mut low, mut high) = (far / 2, self.list.len().min(far - 1));
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.list[middle].0 < key {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }

    /// The position behind the key.
    fn behind(&self, key: K) -> usize {
        let at = self.position(key);
        let there = self.list.get(at).is_some_and(|&(known, _)| known == key);
        at + usize::from(there)
    }

    /// Closes gaps at the ends, and all once they are the most of the list: at no more than a
    /// constant cost for each that left.
    fn tidy(&mut self) {
        while let Some((_, None)) = self.list.front() {
            self.list.pop_front();
            self.gaps -= 1;
        }
        while let Some((_, None)) = self.list.back() {
            self.list.pop_back();
            self.gaps -= 1;
        }
        if self.gaps > SMALL.max(self.list.len() / 2) {
            self.list.retain(|(_, slot)| slot.is_some());
            self.gaps = 0;
        }
        if self.list.capacity() > SMALL.max(8 * self.list.len()) {
            self.list.shrink_to(2 * self.list.len());
        }
    }
}

fn present<K: Copy>(entry: &(K, Option<Slot>)) -> Option<(K, Slot)> {
    Some((entry.0, entry.1?))
}

/// Two ordered sequences as one.
fn merged<K>(
    one: impl Iterator<Item = (K, Slot)>,
    two: impl Iterator<Item = (K, Slot)>,
    before: fn(&K, &K) -> bool,
) -> impl Iterator<Item = (K, Slot)> {
    let (mut one, mut two) = (one.peekable(), two.peekable());
    std::iter::from_fn(move || match (one.peek(), two.peek()) {
        (Some((one_key, _)), Some((two_key, _))) if before(two_key, one_key) => two.next(),
        (Some(_), _) => one.next(),
        (None, _) => two.next(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Append,
        Insert(u16),
        Remove(u16),
        RemoveFirst,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            5 => Just(Step::Append),
            2 => any::<u16>().prop_map(Step::Insert),
            3 => any::<u16>().prop_map(Step::Remove),
            3 => Just(Step::RemoveFirst),
        ];
        proptest::collection::vec(step, 0..300)
    }

    proptest! {
        #[test]
        fn it_is_an_ordered_map(steps in steps(), bound: u16) {
            let (mut line, mut map) = (Line::default(), BTreeMap::new());
            for (slot, step) in steps.into_iter().enumerate() {
                let slot = slot as Slot;
                match step {
                    Step::Append => {
                        let last = map.last_key_value().map_or(0, |(&key, _)| key);
                        if let Some(next) = u16::checked_add(last, 7) {
                            line.insert(next, slot);
                            map.insert(next, slot);
                        }
                    }
                    Step::Insert(key) if !map.contains_key(&(key % 500)) => {
                        line.insert(key % 500, slot);
                        map.insert(key % 500, slot);
                    }
                    Step::Insert(_) => {}
                    Step::Remove(key) => {
                        prop_assert_eq!(line.remove(key % 500), map.remove(&(key % 500)));
                    }
                    Step::RemoveFirst => {
                        let first = map.pop_first();
                        prop_assert_eq!(line.first(), first);
                        prop_assert_eq!(first.and_then(|(key, _)| line.remove(key)), first.map(|(_, slot)| slot));
                    }
                }
                prop_assert_eq!(line.len(), map.len());
            }
            let pairs = |(&key, &slot): (&u16, &Slot)| (key, slot);
            let bound = bound % 500;
            prop_assert_eq!(line.get(bound), map.get(&bound).copied());
            for from in [Bound::Unbounded, Bound::Included(bound), Bound::Excluded(bound)] {
                let all: Vec<_> = map.range((from, Bound::Unbounded)).map(pairs).collect();
                prop_assert_eq!(line.ascending(from).collect::<Vec<_>>(), all);
            }
            let below: Vec<_> = map.range(..bound).rev().map(pairs).collect();
            prop_assert_eq!(line.descending(Some(bound)).collect::<Vec<_>>(), below);
            prop_assert_eq!(line.descending(None).count(), map.len());
        }
    }

    #[test]
    fn one_that_stays_does_not_keep_the_places_of_those_that_left() {
        let mut line = Line::default();
        for key in 0..100_000 {
            line.insert(key, 0);
        }
        for key in 1..99_999 {
            line.remove(key);
        }
        assert_eq!(line.len(), 2);
        assert!(line.list.len() <= 2 * SMALL, "{}", line.list.len());
        assert!(line.list.capacity() <= 8 * 2 * SMALL);
        assert_eq!(line.get(99_999), Some(0));
    }
}
