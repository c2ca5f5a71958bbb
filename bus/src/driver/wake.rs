//! Wake-ups: who waits for jobs learns that there may be some.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;

use crate::id::QueueName;

/// Where there may be jobs now. Wake-ups may be lost, repeated or needless; they only save time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// In these queues.
    Queues(Vec<QueueName>),
    /// Anywhere: a connection was lost and is back, so wake-ups may have been missed.
    All,
}

/// Spreads wake-ups to all who listen; a driver has one and calls it from its push path, its
/// promotion, and its connection to the outside. Never blocks.
///
/// Wake-ups that nobody has fetched yet are merged, so the cost is bounded by the number of
/// queues, whatever the rate of pushes.
#[derive(Debug, Default)]
pub struct WakeHub {
    listeners: Mutex<Vec<Weak<Inbox>>>,
}

#[derive(Default)]
struct Inbox {
    pending: Mutex<Pending>,
    arrived: Notify,
}

#[derive(Default)]
struct Pending {
    all: bool,
    closed: bool,
    queues: BTreeSet<QueueName>,
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}

impl WakeHub {
    /// There may be jobs in these queues.
    pub fn wake(&self, queues: &[QueueName]) {
        self.each(|pending| {
            for queue in queues {
                if !pending.queues.contains(queue) {
                    pending.queues.insert(queue.clone());
                }
            }
        });
    }

    /// There may be jobs anywhere.
    pub fn wake_all(&self) {
        self.each(|pending| pending.all = true);
    }

    /// The driver is closed: each [`Wakes::next`] gives `None` once it has given what was pending.
    pub fn close(&self) {
        self.each(|pending| pending.closed = true);
    }

    /// Somebody who is woken from now on, until dropped.
    #[must_use]
    pub fn subscribe(&self) -> Wakes {
        let inbox = Arc::new(Inbox::default());
        let mut listeners = self
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        listeners.push(Arc::downgrade(&inbox));
        Wakes { inbox }
    }

    fn each(&self, change: impl Fn(&mut Pending)) {
        let mut listeners = self
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| {
            let Some(inbox) = listener.upgrade() else {
                return false;
            };
            change(&mut inbox.pending.lock().unwrap_or_else(PoisonError::into_inner));
            inbox.arrived.notify_one();
            true
        });
    }
}

/// One listener's wake-ups. Dropping it ends them.
#[derive(Debug)]
pub struct Wakes {
    inbox: Arc<Inbox>,
}

impl Wakes {
    /// Waits for the next wake-up, all merged that came since the last; `None`: the driver is
    /// closed. Cancel-safe: a wake-up that was not returned is kept.
    pub async fn next(&mut self) -> Option<Wake> {
        loop {
            {
                let mut pending = self
                    .inbox
                    .pending
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                let queues = std::mem::take(&mut pending.queues);
                if std::mem::take(&mut pending.all) {
                    return Some(Wake::All);
                }
                if !queues.is_empty() {
                    return Some(Wake::Queues(queues.into_iter().collect()));
                }
                if pending.closed {
                    return None;
                }
            }
            self.inbox.arrived.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn wakes_are_merged_and_reach_each_listener() {
        let hub = WakeHub::default();
        let (mut one, mut two) = (hub.subscribe(), hub.subscribe());
        let mail = QueueName::from_static("mail");
        for _ in 0..100 {
            hub.wake(&[mail.clone(), QueueName::DEFAULT]);
        }
        let both = Some(Wake::Queues(vec![QueueName::DEFAULT, mail.clone()]));
        assert_eq!(one.next().await, both);
        assert_eq!(two.next().await, both);
        hub.wake(std::slice::from_ref(&mail));
        hub.wake_all();
        assert_eq!(
            one.next().await,
            Some(Wake::All),
            "anywhere includes the queue"
        );
        hub.wake(std::slice::from_ref(&mail));
        hub.close();
        assert_eq!(one.next().await, Some(Wake::Queues(vec![mail])));
        assert_eq!(one.next().await, None);
    }

    #[tokio::test]
    async fn a_waiting_listener_wakes_and_a_dropped_one_is_forgotten() {
        let hub = Arc::new(WakeHub::default());
        let mut wakes = hub.subscribe();
        let waiting = tokio::spawn(async move { wakes.next().await });
        tokio::task::yield_now().await;
        hub.wake(&[QueueName::DEFAULT]);
        assert!(waiting.await.unwrap().is_some());
        hub.wake_all();
        assert!(hub.listeners.lock().unwrap().is_empty());
    }
}
