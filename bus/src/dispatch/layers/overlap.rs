//! `Overlap`: one at a time.
use super::super::call::{Call, Verdict};
use super::super::middleware::Middleware;
use super::super::next::Next;
use super::super::policy::{Key, within};
use super::choice::By;
use super::held;
use crate::command::Error;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Runs one at a time, of each command or of each key ([`keyed`](Self::keyed)); another
/// waits for its turn ([`wait`](Self::wait)) or is answered `Error::Overlapped`
/// ([`refuse`](Self::refuse)).
///
/// It guards within this process. A dispatch that is made inside the one it would have to
/// wait for is refused: it would wait forever.
///
/// ```standalone_crate
/// use bus::{Error, layers::Overlap, prelude::*};
///
/// #[command]
/// struct Reindex { shop: u32 }
///
/// #[handler]
/// async fn reindex(_: Reindex) {
///     tokio::task::yield_now().await;
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let guard = Overlap::refuse().keyed(|call| call.command(|cmd: &Reindex| cmd.shop));
/// let bus = Bus::builder().middleware(guard).build().await?;
/// let (first, same, other) = tokio::join!(
///     bus.dispatch(Reindex { shop: 1 }),
///     bus.dispatch(Reindex { shop: 1 }),
///     bus.dispatch(Reindex { shop: 2 }),
/// );
/// first?;
/// assert!(matches!(same, Err(Error::Overlapped { .. })));
/// other?;
/// # Ok(()) }
/// ```
pub struct Overlap {
    by: By,
    patience: Patience,
    running: Running,
}

#[derive(Clone, Copy, Debug)]
enum Patience {
    None,
    Until(Duration),
    Endless,
}

type Running = Mutex<HashMap<Key, Turn>>;

/// Who runs and who waits for one key.
struct Turn {
    /// The id of the one that runs.
    holder: u64,
    /// How many run or wait: the last one forgets the key.
    users: usize,
    /// In the order of arrival.
    free: Arc<Semaphore>,
}

impl Overlap {
    fn new(patience: Patience) -> Self {
        Self {
            by: By::command(),
            patience,
            running: Mutex::default(),
        }
    }

    /// Refuses what overlaps.
    pub fn refuse() -> Self {
        Self::new(Patience::None)
    }

    /// Lets what overlaps wait for its turn, in the order of arrival.
    pub fn wait() -> Self {
        Self::new(Patience::Endless)
    }

    /// Lets what overlaps wait for its turn, refuses it when that does not come in time.
    pub fn wait_at_most(limit: Duration) -> Self {
        Self::new(Patience::Until(limit))
    }

    /// One at a time of each key instead of each command; a dispatch for which `by` gives
    /// none passes.
    #[must_use]
    pub fn keyed<K: Hash>(
        mut self,
        by: impl Fn(Call<'_>) -> Option<K> + Send + Sync + 'static,
    ) -> Self {
        self.by = By::new(by);
        self
    }

    /// Waits for the turn as far as the patience goes.
    async fn enter(&self, call: Call<'_>, key: Key) -> Option<Held<'_>> {
        let (user, free) = User::join(&self.running, key, |turn| match self.patience {
            Patience::None => turn.users == 0,
            _ => !held::is_held(call, turn.holder),
        })?;
        let acquire = free.acquire_owned();
        let permit = match self.patience {
            Patience::Until(limit) => within(limit, acquire).await?,
            _ => acquire.await,
        };
        let permit = permit.expect("the semaphore is never closed");
        user.begin(call);
        Some(Held {
            _permit: permit,
            _user: user,
        })
    }
}

fn lock(running: &Running) -> MutexGuard<'_, HashMap<Key, Turn>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The turn, until it is dropped: first it is free for the next, then perhaps forgotten.
struct Held<'o> {
    _permit: OwnedSemaphorePermit,
    _user: User<'o>,
}

/// One that runs or waits.
struct User<'o> {
    running: &'o Running,
    key: Key,
}

impl<'o> User<'o> {
    /// Joins those of this key, if they are such that `may`.
    fn join(
        running: &'o Running,
        key: Key,
        may: impl FnOnce(&Turn) -> bool,
    ) -> Option<(Self, Arc<Semaphore>)> {
        let mut turns = lock(running);
        let turn = turns.entry(key).or_insert_with(|| Turn {
            holder: 0,
            users: 0,
            free: Arc::new(Semaphore::new(1)),
        });
        may(turn).then(|| {
            turn.users += 1;
            (Self { running, key }, Arc::clone(&turn.free))
        })
    }

    /// Names the one that runs now, for the dispatches inside it.
    fn begin(&self, call: Call<'_>) {
        let id = held::new_id();
        if let Some(turn) = lock(self.running).get_mut(&self.key) {
            turn.holder = id;
        }
        held::hold(call, id);
    }
}

impl Drop for User<'_> {
    fn drop(&mut self) {
        let mut turns = lock(self.running);
        if let Some(turn) = turns.get_mut(&self.key) {
            turn.users -= 1;
            if turn.users == 0 {
                turns.remove(&self.key);
            }
        }
    }
}

impl Middleware for Overlap {
    async fn handle(&self, call: Call<'_>, next: Next<'_>) -> Verdict {
        let Some(key) = self.by.of(call) else {
            return next.run().await;
        };
        let Some(_turn) = self.enter(call, key).await else {
            return call.reject(Error::Overlapped {
                command: call.descriptor(),
            });
        };
        next.run().await
    }
}

impl fmt::Debug for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overlap")
            .field("patience", &self.patience)
            .field("keys", &lock(&self.running).len())
            .finish_non_exhaustive()
    }
}
