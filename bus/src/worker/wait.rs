//! What the pump waits for between two calls to the store.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

use super::config::Config;
use super::pump::{LINGER, Pump};
use crate::clock::{self, Timestamp};
use crate::driver::Wake;

/// A worker of all queues that is told "anywhere" asks for them again no sooner than this.
const SOON: Duration = Duration::from_millis(50);

/// What the pump remembers from one round to the next.
#[derive(Debug)]
pub(super) struct State {
    /// Jobs that may still be taken, if that is limited.
    pub(super) left: Option<u64>,
    pub(super) next_due: Option<Timestamp>,
    pub(super) next_poll: Instant,
    /// When it last asked which queues there are.
    pub(super) discovered: Instant,
    pub(super) next_discovery: Instant,
    /// Calls that failed one after the other.
    pub(super) failures: u32,
    /// When the grace ends; set when the draining began.
    pub(super) grace_ends: Option<Instant>,
    pub(super) wakes_closed: bool,
}

impl State {
    pub(super) fn new(config: &Config) -> Self {
        let now = clock::instant();
        Self {
            left: config.max_jobs,
            next_due: None,
            next_poll: now,
            discovered: now,
            next_discovery: now,
            failures: 0,
            grace_ends: None,
            wakes_closed: false,
        }
    }
}

impl Pump {
    /// Waits for a reason to call the store.
    pub(super) async fn wait(&mut self) {
        let store = self.around.store.clone();
        let (lingering, hungry) = {
            let inner = self.hub.lock();
            (inner.is_lingering(), inner.hungry)
        };
        let until = match (lingering, self.state.grace_ends) {
            (true, _) => clock::instant() + LINGER,
            (false, Some(end)) => self.next_look(end),
            (false, None) => self.state.next_poll.min(self.next_discovery()),
        };
        let due = self.state.next_due.filter(|_| !hungry);
        let draining = self.state.grace_ends.is_some();
        tokio::select! {
            () = self.hub.pump.notified() => {}
            wake = self.wakes.next(), if !self.state.wakes_closed && !hungry => self.woken(wake),
            () = tokio::time::sleep_until(until) => {
                if !lingering && clock::instant() >= self.state.next_poll {
                    self.state.next_poll = clock::instant() + self.poll();
                    self.hub.lock().hungry = true;
                }
            }
            () = async {
                match due {
                    Some(due) => store.sleep_until(due).await,
                    None => std::future::pending().await,
                }
            } => {
                self.state.next_due = None;
                self.hub.lock().hungry = true;
            }
            () = self.signals.stop.cancelled(), if !draining => {}
            () = self.signals.now.cancelled(), if draining && !self.signals.now.is_cancelled() => {}
        }
    }

    fn next_discovery(&self) -> Instant {
        match self.queues.takes_all() {
            true => self.state.next_discovery,
            false => self.state.next_poll,
        }
    }

    /// While draining: at the end of the grace, then now and then.
    fn next_look(&self, grace_ends: Instant) -> Instant {
        let soon = clock::instant() + Duration::from_millis(20);
        if self.signals.now.is_cancelled() {
            soon
        } else {
            grace_ends.max(soon)
        }
    }

    /// Whether a wake-up came that was not heard yet: a worker that ends when nothing is due looks
    /// once more then. Its own last outcomes may have stored jobs that follow.
    pub(super) fn woken_meanwhile(&mut self) -> bool {
        let ends = !self.config.until_empty || self.state.left == Some(0);
        if ends || self.state.wakes_closed || self.hub.lock().closing {
            return false;
        }
        let wake = pin!(self.wakes.next()).poll(&mut Context::from_waker(Waker::noop()));
        match wake {
            Poll::Ready(wake) => {
                self.woken(wake);
                true
            }
            Poll::Pending => false,
        }
    }

    fn woken(&mut self, wake: Option<Wake>) {
        let mut inner = self.hub.lock();
        match wake {
            Some(Wake::All) => {
                inner.hungry = true;
                // Also in queues that it has not heard of.
                let soon = (self.state.discovered + SOON).max(clock::instant());
                self.state.next_discovery = self.state.next_discovery.min(soon);
            }
            Some(Wake::Queues(names)) => {
                if names.iter().any(|name| self.queues.has(name)) {
                    inner.hungry = true;
                }
                self.queues.discovered(names);
            }
            // The store is closed: calls will say so.
            None => self.state.wakes_closed = true,
        }
        // The wake-up may mean that a person asked a job to end.
        if inner.active() > 0 && self.hub.free(&inner) == 0 {
            self.hub.beat.notify_one();
        }
    }
}
