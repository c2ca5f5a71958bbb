//! `Cache`: remembers outputs by key.
use super::super::call::{Call, Verdict};
use super::super::middleware::Middleware;
use super::super::next::Next;
use super::super::policy::nanos;
use super::cache_store::{Entry, Landing, Store};
use super::held;
use crate::command::{Command, Context, sees_who_asks};
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Remembers the outputs of one command by a key of it; other commands pass.
///
/// Only outputs are remembered, never errors. While one dispatch runs the handler, others
/// with its key wait for its output. If it is cancelled or panics one of them takes over; if
/// it fails they run the handler themselves, each for its own error.
///
/// Nobody gets what is not meant for them. Where the command declares `authorize`, that is asked
/// (behind sanitize and validate) before a remembered output is given too. And where the handler
/// can see who asks, since it takes a `Principal`, the `&Context` or an extractor of its own, a
/// dispatch that has a principal passes by, unless the key says what of it the output depends
/// on: [`with_context`](Self::with_context).
///
/// A middleware stands before the declared policies: the key sees the command before `sanitize`.
///
/// Clones share one memory, so that a copy can be kept to [`forget`](Self::forget) by.
///
/// ```standalone_crate
/// use bus::{layers::Cache, prelude::*};
/// use std::{sync::atomic::{AtomicU32, Ordering}, time::Duration};
///
/// #[command(output = String)]
/// struct GetUser { id: u64 }
///
/// #[handler]
/// fn get_user(cmd: GetUser) -> String {
///     static RUNS: AtomicU32 = AtomicU32::new(0);
///     format!("user {}, run {}", cmd.id, RUNS.fetch_add(1, Ordering::Relaxed))
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let users = Cache::of::<GetUser, _>(Duration::from_secs(60), |cmd| cmd.id);
/// let bus = Bus::builder().middleware(users.clone()).build().await?;
/// assert_eq!(bus.dispatch(GetUser { id: 7 }).await?, "user 7, run 0");
/// assert_eq!(bus.dispatch(GetUser { id: 7 }).await?, "user 7, run 0");
/// users.forget(&7);
/// assert_eq!(bus.dispatch(GetUser { id: 7 }).await?, "user 7, run 1");
/// # Ok(()) }
/// ```
pub struct Cache<K = (), T = ()>(Arc<Inner<K, T>>);

struct Inner<K, T> {
    key: Box<dyn Fn(Call<'_>) -> Option<K> + Send + Sync>,
    ttl: u64,
    capacity: usize,
    store: Mutex<Store<K, T>>,
}

/// How many outputs are remembered, where the user names no number.
const CAPACITY: usize = 1024;

impl Cache {
    /// Remembers each output of `C` for `ttl`, by `key`. At most 1024, unless
    /// [`capacity`](Cache::capacity) says otherwise.
    pub fn of<C, K>(
        ttl: Duration,
        key: impl Fn(&C) -> K + Send + Sync + 'static,
    ) -> Cache<K, C::Output>
    where
        C: Command<Output: Clone + Sync>,
        K: Hash + Eq + Clone + Send + 'static,
    {
        let personal = sees_who_asks(C::DESCRIPTOR);
        Cache::new(ttl, move |call| {
            // Looked at by its own type first: of other commands no context need be made.
            let key = call.command(&key)?;
            (!personal || !call.context().has_principal()).then_some(key)
        })
    }

    /// The same by a key of the command and its context, such as the principal or tenant: what
    /// the output depends on. Dispatches with equal keys share one output, whoever asks.
    ///
    /// ```
    /// use bus::{layers::Cache, prelude::*};
    /// use std::time::Duration;
    ///
    /// struct User { id: u64 }
    ///
    /// #[command(output = u64, middleware = [mine()])]
    /// struct MyId;
    ///
    /// fn mine() -> impl Middleware {
    ///     Cache::with_context::<MyId, _>(Duration::from_secs(60), |_, cx| {
    ///         cx.principal::<User>().map(|user| user.id)
    ///     })
    /// }
    ///
    /// #[handler]
    /// fn my_id(_: MyId, user: Principal<User>) -> u64 {
    ///     user.0.id
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), bus::Error> {
    /// for id in [1, 2] {
    ///     let cx = Context::new().with_principal(User { id });
    ///     assert_eq!(cx.dispatch(MyId).await?, id);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn with_context<C, K>(
        ttl: Duration,
        key: impl Fn(&C, &Context) -> K + Send + Sync + 'static,
    ) -> Cache<K, C::Output>
    where
        C: Command<Output: Clone + Sync>,
        K: Hash + Eq + Clone + Send + 'static,
    {
        Cache::new(ttl, move |call| {
            let cx = call.context();
            call.command(|command| key(command, &cx))
        })
    }
}

impl<K: Hash + Eq + Clone, T> Cache<K, T> {
    fn new(ttl: Duration, key: impl Fn(Call<'_>) -> Option<K> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            key: Box::new(key),
            ttl: u64::try_from(ttl.as_nanos()).unwrap_or(u64::MAX),
            capacity: CAPACITY,
            store: Mutex::default(),
        }))
    }

    /// The same, empty, for at most `outputs` of them: one more drives out the oldest.
    ///
    /// # Panics
    /// If `outputs` is zero, or the cache is shared already.
    #[must_use]
    pub fn capacity(mut self, outputs: usize) -> Self {
        assert!(outputs > 0, "a cache of nothing remembers nothing");
        let inner =
            Arc::get_mut(&mut self.0).expect("a cache is given its capacity before it is shared");
        inner.capacity = outputs;
        self
    }

    /// Forgets the output of this key. One that is being made now is given to those that
    /// wait for it, and not remembered.
    pub fn forget(&self, key: &K) {
        self.0.store().forget(key);
    }

    /// Forgets all, as [`forget`](Self::forget) does one.
    pub fn clear(&self) {
        self.0.store().clear();
    }
}

impl<K, T> Inner<K, T> {
    fn store(&self) -> MutexGuard<'_, Store<K, T>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a dispatch finds at its key.
enum Found<'c, K: Hash + Eq + Clone, T> {
    Output(Arc<T>),
    /// Another makes it.
    Flying(watch::Receiver<Landing<T>>),
    /// One that this dispatch is made inside makes it.
    Own,
    /// Nobody does: this dispatch shall.
    Nothing(Lead<'c, K, T>),
}

impl<K: Hash + Eq + Clone, T> Inner<K, T> {
    fn find(&self, key: &K, call: Call<'_>) -> Found<'_, K, T> {
        let mut store = self.store();
        match store.get(key, nanos()) {
            Some(Entry::Ready { output, .. }) => Found::Output(Arc::clone(output)),
            Some(Entry::Flying { id, .. }) if held::is_held(call, *id) => Found::Own,
            Some(Entry::Flying { landing, .. }) => Found::Flying(landing.clone()),
            None => {
                let id = held::new_id();
                let (landing, flight) = watch::channel(Landing::Aloft);
                store.fly(key.clone(), id, flight);
                Found::Nothing(Lead {
                    cache: self,
                    key: key.clone(),
                    id,
                    landing,
                })
            }
        }
    }
}

/// The dispatch that makes the output for all. Dropped, it leaves its place to another.
struct Lead<'c, K: Hash + Eq + Clone, T> {
    cache: &'c Inner<K, T>,
    key: K,
    id: u64,
    landing: watch::Sender<Landing<T>>,
}

impl<K: Hash + Eq + Clone, T> Lead<'_, K, T> {
    fn land(self, output: Option<T>) {
        let Some(output) = output.map(Arc::new) else {
            self.landing.send_replace(Landing::Failed);
            return;
        };
        let Inner { ttl, capacity, .. } = *self.cache;
        let now = nanos();
        let mut store = self.cache.store();
        // Unless it was forgotten meanwhile.
        if store.end_flight(&self.key, self.id) {
            store.put(self.key.clone(), Arc::clone(&output), now, ttl, capacity);
        }
        drop(store);
        self.landing.send_replace(Landing::Landed(output));
    }
}

impl<K: Hash + Eq + Clone, T> Drop for Lead<'_, K, T> {
    fn drop(&mut self) {
        // Before the sender goes: who wakes by that finds the place free.
        self.cache.store().end_flight(&self.key, self.id);
    }
}

impl<K, T> Middleware for Cache<K, T>
where
    K: Hash + Eq + Clone + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    async fn handle(&self, call: Call<'_>, next: Next<'_>) -> Verdict {
        let Some(key) = (self.0.key)(call) else {
            return next.run().await;
        };
        loop {
            match self.0.find(&key, call) {
                Found::Output(output) => return give(call, &output),
                Found::Own => return next.run().await,
                Found::Nothing(lead) => {
                    held::hold(call, lead.id);
                    let verdict = next.run().await;
                    lead.land(call.output(T::clone));
                    return verdict;
                }
                Found::Flying(mut landing) => {
                    let landed = landing
                        .wait_for(|landing| !matches!(landing, Landing::Aloft))
                        .await
                        .map(|landing| landing.clone());
                    match landed {
                        Ok(Landing::Landed(output)) => return give(call, &output),
                        Ok(Landing::Failed) => return self.run_alone(key, call, next).await,
                        // The one that led is gone.
                        Ok(Landing::Aloft) | Err(_) => {}
                    }
                }
            }
        }
    }
}

impl<K: Hash + Eq + Clone, T: Clone + 'static> Cache<K, T> {
    /// After another failed: all that waited for it run at once, as each needs its own error
    /// and the next one's might be no better.
    async fn run_alone(&self, key: K, call: Call<'_>, next: Next<'_>) -> Verdict {
        let verdict = next.run().await;
        if let Some(output) = call.output(T::clone) {
            let Inner { ttl, capacity, .. } = *self.0;
            let now = nanos();
            let mut store = self.0.store();
            if store.get(&key, now).is_none() {
                store.put(key, Arc::new(output), now, ttl, capacity);
            }
        }
        verdict
    }
}

/// Answers with an output that another dispatch has made, if this one may have it.
fn give<T: Clone + 'static>(call: Call<'_>, output: &Arc<T>) -> Verdict {
    if let Err(refused) = call.admit() {
        return refused;
    }
    call.answer(T::clone(output))
        .expect("the key is that of a command with this output")
}

impl<K, T> Clone for Cache<K, T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, T> fmt::Debug for Cache<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("ttl", &Duration::from_nanos(self.0.ttl))
            .field("capacity", &self.0.capacity)
            .finish_non_exhaustive()
    }
}
