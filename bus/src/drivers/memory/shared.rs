//! One store and all who have it open: the lock, and the news to each.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, RwLock, Weak};

use super::store::{Store, Woken};
use crate::driver::{EndHub, Settled, Settlement, WakeHub};
use crate::id::QueueName;

/// Who has a store open, for the news.
#[derive(Debug, Default)]
pub(super) struct Handle {
    pub(super) wakes: WakeHub,
    pub(super) ends: EndHub,
}

/// A store behind its lock.
#[derive(Debug, Default)]
pub(super) struct Shared {
    store: Mutex<Store>,
    handles: RwLock<Vec<Weak<Handle>>>,
}

/// The stores with a name; each lives as long as somebody has it open.
static NAMED: LazyLock<Mutex<HashMap<String, Weak<Shared>>>> = LazyLock::new(Mutex::default);

impl Shared {
    /// The store of that name, empty if nobody has it open.
    pub(super) fn named(name: &str) -> Arc<Self> {
        let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = named.get(name).and_then(Weak::upgrade) {
            return shared;
        }
        named.retain(|_, shared| shared.strong_count() > 0);
        let shared = Arc::new(Self::default());
        named.insert(name.to_owned(), Arc::downgrade(&shared));
        shared
    }

    /// Somebody opens the store.
    pub(super) fn open(&self) -> Arc<Handle> {
        let handle = Arc::new(Handle::default());
        let mut handles = self.handles.write().unwrap_or_else(PoisonError::into_inner);
        handles.retain(|handle| handle.strong_count() > 0);
        handles.push(Arc::downgrade(&handle));
        handle
    }

    /// The store, for one step. Only a bug of ours panics within one.
    pub(super) fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a step: unlocks, then tells all who listen.
    pub(super) fn finish(&self, store: MutexGuard<'_, Store>, woken: &Woken) {
        let queues = woken.names(&store.queues);
        drop(store);
        self.wake(&queues);
    }

    fn wake(&self, queues: &[QueueName]) {
        if !queues.is_empty() {
            self.each(|handle| handle.wakes.wake(queues));
        }
    }

    /// Tells all who watch of what these settlements ended.
    pub(super) fn ended(&self, settlements: &[Settlement], settled: &[Settled]) {
        self.each(|handle| {
            let all = settlements.iter().zip(settled);
            let applied = all.filter(|(_, answer)| **answer == Settled::Applied);
            handle
                .ends
                .settled(applied.map(|(settlement, _)| settlement));
        });
    }

    /// Tells all who watch to look.
    pub(super) fn each(&self, tell: impl Fn(&Handle)) {
        let handles = self.handles.read().unwrap_or_else(PoisonError::into_inner);
        for handle in handles.iter().filter_map(Weak::upgrade) {
            tell(&handle);
        }
    }
}
