//! The ends of jobs: who waits for one learns of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

use super::settle::{Ending, Settlement};
use crate::id::JobId;
use crate::job::{Failure, JobRecord, JobState};

/// How a job ended: what a ticket needs to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Completed, cancelled or dead.
    pub state: JobState,
    /// What the handler returned, encoded.
    pub output: Option<Bytes>,
    /// Why it is cancelled or dead.
    pub reason: Option<String>,
    /// Its last failure.
    pub failure: Option<Failure>,
}

impl Ended {
    /// The end that an applied settlement brought; `None`: the job goes on.
    #[must_use]
    pub fn of(settlement: &Settlement) -> Option<Self> {
        let (state, output, reason) = match &settlement.ending {
            Ending::Completed { output, .. } => (JobState::Completed, output.clone(), None),
            Ending::Cancelled { reason, .. } => (JobState::Cancelled, None, Some(reason.clone())),
            Ending::Dead { reason, .. } => (JobState::Dead, None, Some(reason.clone())),
            Ending::Retry { .. } | Ending::Defer { .. } | Ending::Release => return None,
        };
        Some(Self {
            state,
            output,
            reason,
            failure: settlement.failure.as_deref().cloned(),
        })
    }

    /// The end of a stored job; `None`: it has not ended.
    #[must_use]
    pub fn of_record(job: &JobRecord) -> Option<Self> {
        job.state.is_final().then(|| Self {
            state: job.state,
            output: job.output.clone(),
            reason: job.reason.clone(),
            failure: job.failures.last().cloned(),
        })
    }
}

/// What a watcher was told of a job.
#[derive(Debug, Clone, Default)]
enum News {
    #[default]
    None,
    Ended(Ended),
    Look,
}

/// Tells those who watch a job of its end; a driver has one, calls [`settled`](Self::settled)
/// after each commit, and [`look`](Self::look) for what it hears from outside. Free when nobody
/// watches.
#[derive(Debug, Default)]
pub struct EndHub {
    count: AtomicUsize,
    watched: Mutex<HashMap<JobId, watch::Sender<News>>>,
}

impl EndHub {
    /// These settlements were applied and are committed.
    pub fn settled<'a>(&self, applied: impl IntoIterator<Item = &'a Settlement>) {
        if self.is_idle() {
            return;
        }
        for settlement in applied {
            if let Some(ended) = Ended::of(settlement) {
                self.tell(settlement.lease.job, News::Ended(ended));
            }
        }
    }

    /// This job may have ended; who watches it looks into the store.
    pub fn look(&self, job: JobId) {
        if !self.is_idle() {
            self.tell(job, News::Look);
        }
    }

    /// Any job may have ended: news were missed.
    pub fn look_all(&self) {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        for sender in watched.values() {
            sender.send_replace(News::Look);
        }
    }

    /// Nobody watches: nothing need be told.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Watches a job from now on. Subscribe first, look into the store second: so no end is missed.
    #[must_use]
    pub fn watch(&self, job: JobId) -> EndWatch {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        // Those whose watchers are gone are swept when the map would grow, so it stays small.
        if watched.len() == watched.capacity() {
            watched.retain(|_, sender| sender.receiver_count() > 0);
        }
        let news = watched.entry(job).or_default().subscribe();
        self.count.store(watched.len(), Ordering::Release);
        EndWatch { news }
    }

    fn tell(&self, job: JobId, news: News) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let over = match watched.get(&job) {
            None => return,
            Some(sender) => {
                let over = matches!(news, News::Ended(_)) || sender.receiver_count() == 0;
                sender.send_replace(news);
                over
            }
        };
        if over {
            watched.remove(&job);
            self.count.store(watched.len(), Ordering::Release);
        }
    }
}

/// One watcher's view of a job's end.
#[derive(Debug, Clone)]
pub struct EndWatch {
    news: watch::Receiver<News>,
}

impl EndWatch {
    /// Waits for news: `Some` is the end itself, `None` means "look into the store". Cancel-safe.
    ///
    /// News from other processes come only if [`Capabilities::end_notice`] says so; wait with a
    /// deadline and look now and then.
    ///
    /// [`Capabilities::end_notice`]: super::Capabilities::end_notice
    pub async fn next(&mut self) -> Option<Ended> {
        if let News::Ended(ended) = &*self.news.borrow() {
            return Some(ended.clone());
        }
        if self.news.changed().await.is_err() {
            // Only the hub's end closes the channel: there will be no more news.
            std::future::pending::<()>().await;
        }
        match &*self.news.borrow_and_update() {
            News::Ended(ended) => Some(ended.clone()),
            News::Look | News::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Keep, Lease};
    use super::*;
    use crate::id::QueueName;

    fn done(job: JobId) -> Settlement {
        let lease = Lease {
            job,
            queue: QueueName::DEFAULT,
            delivery: 1,
            token: 0,
        };
        Settlement::completed(lease, Some(Bytes::from_static(b"7")), Keep::Drop)
    }

    #[tokio::test]
    async fn each_watcher_learns_the_end_even_late() {
        let hub = EndHub::default();
        let job = JobId::new();
        let (mut one, mut two) = (hub.watch(job), hub.watch(job));
        hub.settled([&done(JobId::new())]);
        hub.look(job);
        assert_eq!(one.next().await, None, "told to look");
        hub.settled([&done(job)]);
        let output = |ended: Option<Ended>| ended.unwrap().output.unwrap();
        assert_eq!(output(one.next().await), "7");
        assert_eq!(output(two.next().await), "7");
        assert_eq!(output(two.next().await), "7", "and stays told");
        assert!(hub.is_idle());
    }

    #[tokio::test]
    async fn watchers_that_left_are_forgotten() {
        let hub = EndHub::default();
        for _ in 0..10_000 {
            drop(hub.watch(JobId::new()));
        }
        assert!(hub.watched.lock().unwrap().len() < 100);
    }
}
