//! Who is told of changes, and how those of other processes are noticed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rusqlite::Connection;
use tokio::time::Instant;

use crate::clock;
use crate::driver::{EndHub, HandOff, WakeHub};

/// Who listens in this process.
#[derive(Debug, Default)]
pub(super) struct Hubs {
    pub(super) wakes: WakeHub,
    pub(super) ends: EndHub,
    listening: AtomicBool,
    offers: Mutex<Vec<Weak<dyn HandOff>>>,
}

impl Hubs {
    /// Somebody listens for wake-ups.
    pub(super) fn listen(&self) {
        self.listening.store(true, Ordering::Release);
    }

    pub(super) fn offer(&self, worker: Weak<dyn HandOff>) {
        let mut offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        offers.push(worker);
    }

    pub(super) fn has_offers(&self) -> bool {
        let offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        !offers.is_empty()
    }

    /// The workers that take jobs at once.
    pub(super) fn offers(&self) -> Vec<Arc<dyn HandOff>> {
        let mut offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        offers.retain(|worker| worker.strong_count() > 0);
        offers.iter().filter_map(Weak::upgrade).collect()
    }
}

/// Notices commits of other processes: SQLite counts them, and to read the counter costs a few
/// microseconds.
#[derive(Debug)]
pub(super) struct Lookout {
    hubs: Arc<Hubs>,
    seen: Option<i64>,
    last: Instant,
    /// Watchers of ends were not told yet of what was seen.
    untold: bool,
    last_told: Instant,
}

impl Lookout {
    /// How often to look: half of it is what another process's job waits in the mean.
    pub(super) const EVERY: Duration = Duration::from_millis(15);
    /// How often those who watch ends are told to look: each of them reads a row then.
    const ENDS: Duration = Duration::from_millis(45);

    pub(super) fn new(hubs: Arc<Hubs>) -> Self {
        Self {
            hubs,
            seen: None,
            last: clock::instant(),
            untold: false,
            last_told: clock::instant(),
        }
    }

    pub(super) fn is_needed(&self) -> bool {
        self.hubs.listening.load(Ordering::Acquire) || !self.hubs.ends.is_idle()
    }

    /// There is a new connection, whose counter says nothing about what came before.
    pub(super) fn reconnected(&mut self) {
        self.seen = None;
    }

    /// Looks, if it is time to, and tells.
    pub(super) fn look(&mut self, connection: Option<&Connection>) {
        let now = clock::instant();
        let (Some(connection), true) = (connection, self.is_needed()) else {
            return;
        };
        if now - self.last < Self::EVERY / 2 && self.seen.is_some() {
            return;
        }
        self.last = now;
        let counter = connection
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)));
        // What cannot be read has perhaps changed.
        let counter: Option<i64> = counter.ok();
        if counter.is_none() || counter != self.seen {
            self.hubs.wakes.wake_all();
            self.untold = true;
        }
        self.seen = counter;
        if self.untold && now - self.last_told >= Self::ENDS {
            self.hubs.ends.look_all();
            self.untold = false;
            self.last_told = now;
        }
    }
}
