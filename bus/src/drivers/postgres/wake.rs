//! News to and from other processes: notifications, merged, never within a commit that stores.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::fault::Fault;
use super::floor::Doubt;
use super::sql::query;
use super::store::Store;
use crate::id::{QueueName, WorkerId};

/// After a notification the next waits so long: each takes a lock on the whole server.
const PAUSE: Duration = Duration::from_millis(5);
/// How long to wait before listening again when that failed.
const AGAIN: Duration = Duration::from_secs(1);
/// A notification has less than 8000 bytes.
const LONGEST: usize = 7_500;

/// What others are to be told, gathered until it is sent.
#[derive(Debug)]
pub(super) struct News {
    /// Tells our own notifications from others'.
    from: Uuid,
    pending: Mutex<BTreeSet<String>>,
    arrived: Notify,
    listen: Notify,
}

impl Default for News {
    fn default() -> Self {
        Self {
            from: WorkerId::new().as_uuid(),
            pending: Mutex::default(),
            arrived: Notify::new(),
            listen: Notify::new(),
        }
    }
}

impl News {
    /// There are due jobs in these queues.
    pub(super) fn jobs(&self, queues: &[QueueName]) {
        self.add(queues.iter().map(|queue| format!("j{queue}")));
    }

    /// Running jobs of these queues are asked to end.
    pub(super) fn cancels(&self, queues: &[QueueName]) {
        self.add(queues.iter().map(|queue| format!("c{queue}")));
    }

    /// A queue was paused or resumed.
    pub(super) fn pauses(&self) {
        self.add(["p".to_owned()]);
    }

    fn add(&self, lines: impl IntoIterator<Item = String>) {
        self.pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(lines);
        self.arrived.notify_one();
    }

    fn take(&self) -> Vec<String> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = std::mem::take(&mut *pending);
        drop(pending);
        pack(self.from, lines)
    }

    /// Somebody waits for news from now on: the connection that listens is opened.
    pub(super) fn listen(&self) {
        self.listen.notify_one();
    }
}

/// Lines in as few notifications as they fit in, each with its sender first. Names have no control
/// characters, so a line is a line.
fn pack(from: Uuid, lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut packed: Vec<String> = Vec::new();
    for line in lines {
        match packed.last_mut() {
            Some(last) if last.len() + 1 + line.len() <= LONGEST => {
                last.push('\n');
                last.push_str(&line);
            }
            _ => packed.push(format!("{from}\n{line}")),
        }
    }
    packed
}

/// Sends news until it is stopped; then what is left.
pub(super) async fn tell(store: Arc<Store>, stop: CancellationToken) {
    loop {
        let stopped = tokio::select! {
            () = store.news.arrived.notified() => false,
            () = stop.cancelled() => true,
        };
        let news = store.news.take();
        if !news.is_empty() {
            // A lost notification costs others one poll; those who wait here were woken already.
            if let Err(fault) = send(&store, news).await {
                tracing::debug!(?fault, "other processes were not notified");
            }
        }
        if stopped {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn send(store: &Arc<Store>, news: Vec<String>) -> Result<(), Fault> {
    let mine: Vec<Uuid> = store.workers().iter().map(WorkerId::as_uuid).collect();
    let shared = Arc::clone(store);
    let lane = &store.upkeep;
    lane.run(move |connection| {
        Box::pin(async move {
            let notify = query(&shared.sql.notify)
                .bind(&shared.channel)
                .bind(news)
                .bind(mine);
            notify.execute(connection).await?;
            Ok(())
        })
    })
    .await
}

/// Listens from the first call for news until it is stopped.
pub(super) async fn listen(store: Arc<Store>, stop: CancellationToken) {
    tokio::select! {
        () = store.news.listen.notified() => {}
        () = stop.cancelled() => return,
    }
    loop {
        tokio::select! {
            ended = hear(&store) => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "not listening for notifications, polling goes on");
                }
            }
            () = stop.cancelled() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn hear(store: &Store) -> Result<(), sqlx::Error> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_lazy_with(store.options.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(&store.channel).await?;
    loop {
        // What was sent before we listened, or while the connection was lost, was missed.
        store.floors.doubt_all();
        store.pauses_changed();
        store.wakes.wake_all();
        store.ends.look_all();
        while let Some(notification) = listener.try_recv().await? {
            heard(store, notification.payload());
        }
    }
}

fn heard(store: &Store, payload: &str) {
    let mut lines = payload.split('\n');
    if lines.next() == Some(store.news.from.to_string().as_str()) {
        return;
    }
    let (mut jobs, mut cancels) = (Vec::new(), Vec::new());
    for line in lines {
        if line == "p" {
            store.pauses_changed();
        } else if let Some(Ok(queue)) = line.strip_prefix('j').map(QueueName::new) {
            if let Some(number) = store.names.queue(queue.as_str()) {
                store.floors.doubt(number, Doubt::Perhaps);
            }
            jobs.push(queue);
        } else if let Some(Ok(queue)) = line.strip_prefix('c').map(QueueName::new) {
            cancels.push(queue);
        }
    }
    if !cancels.is_empty() {
        store.cancels_came(&cancels);
    }
    if !jobs.is_empty() {
        store.wakes.wake(&jobs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_of_many_queues_fit_into_notifications() {
        let from = Uuid::nil();
        assert!(pack(from, []).is_empty());
        let lines: Vec<String> = (0..200).map(|at| format!("j{at:0>120}")).collect();
        let packed = pack(from, lines.clone());
        assert!(packed.len() > 1 && packed.iter().all(|one| one.len() < 8_000));
        let heard: Vec<&str> = packed
            .iter()
            .flat_map(|one| one.split('\n').skip(1))
            .collect();
        assert_eq!(heard, lines);
    }
}
