//! A test's ear inside a handler: wait for what it says, never for time to pass.
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// How long a test waits for what must happen. Long, because a loaded machine is no defect;
/// it passes in full only where a test fails.
const LIMIT: Duration = Duration::from_secs(30);

/// Hears what handlers tell, in order. Give it to the bus as state; clones hear the same.
#[derive(Debug)]
pub struct Probe<T>(Arc<Inner<T>>);

#[derive(Debug)]
struct Inner<T> {
    heard: Mutex<Vec<T>>,
    news: Notify,
}

impl<T> Clone for Probe<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Probe<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Probe<T> {
    /// One that has heard nothing.
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            heard: Mutex::new(Vec::new()),
            news: Notify::new(),
        }))
    }

    /// Tells it something.
    pub fn tell(&self, what: T) {
        self.lock().push(what);
        self.0.news.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone + Debug> Probe<T> {
    /// All that it has heard so far.
    pub fn heard(&self) -> Vec<T> {
        self.lock().clone()
    }

    /// Waits until what it has heard fulfils `enough`, and gives it. Asked again at each
    /// word that the probe hears.
    ///
    /// # Panics
    /// If that does not happen in 30 seconds; the text says what was heard.
    pub async fn eventually(&self, what: &str, enough: impl Fn(&[T]) -> bool) -> Vec<T> {
        let waiting = async {
            loop {
                let news = self.0.news.notified();
                tokio::pin!(news);
                // Listens before it looks: a word in between is not missed.
                news.as_mut().enable();
                let heard = self.heard();
                if enough(&heard) {
                    return heard;
                }
                news.await;
            }
        };
        match tokio::time::timeout(LIMIT, waiting).await {
            Ok(heard) => heard,
            Err(_) => panic!("{what}: not within {LIMIT:?}; heard {:?}", self.heard()),
        }
    }

    /// Waits until it has heard `count` words.
    ///
    /// # Panics
    /// If that does not happen in 30 seconds.
    pub async fn count(&self, count: usize) -> Vec<T> {
        let what = format!("{count} words");
        self.eventually(&what, |heard| heard.len() >= count).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_word_wakes_who_waits() {
        let probe = Probe::new();
        let teller = probe.clone();
        let told = tokio::spawn(async move {
            for word in 0..100 {
                tokio::task::yield_now().await;
                teller.tell(word);
            }
        });
        assert_eq!(probe.count(50).await[..50], (0..50).collect::<Vec<_>>());
        told.await.unwrap();
        assert_eq!(probe.heard().len(), 100);
    }

    #[tokio::test(start_paused = true)]
    #[should_panic(expected = "a third: not within 30s; heard [1, 2]")]
    async fn what_never_happens_fails_and_says_what_did() {
        let probe = Probe::new();
        probe.tell(1);
        probe.tell(2);
        probe.eventually("a third", |heard| heard.len() == 3).await;
    }
}
