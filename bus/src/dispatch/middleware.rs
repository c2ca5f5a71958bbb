//! `Middleware` and `Next`: code around every handler, or around one.
use super::call::{Call, Verdict};
use super::slot::{AnyEnd, AnySlot};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

/// Code around handlers: given to the bus (`Bus::builder().middleware(…)`) it meets every
/// dispatch, named by a command (`#[command(middleware = [Audit])]`) only that one's.
///
/// It may look at the command and change the context before, answer by itself
/// ([`Call::answer`], [`Call::reject`]), and look at the answer after. A function with the
/// same arguments is a middleware too, and so is an `async` closure that captures nothing
/// (`async |call: Call<'_>, next: Next<'_>| next.run().await`); for one that captures there is
/// [`layers::from_fn`](crate::layers::from_fn).
///
/// What it dispatches itself is caused by the dispatch that it stands around, and meets the
/// middleware of the bus too: one that dispatches without asking which command it sees never
/// ends.
///
/// The order: those of the bus as given, those of the command as listed, then the declared
/// policies (sanitize, validate, authorize, rate, timeout, retries), then the handler.
///
/// ```
/// use bus::prelude::*;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// #[derive(Default)]
/// struct Count(AtomicU32);
///
/// impl Middleware for Count {
///     async fn handle(&self, call: Call<'_>, next: Next<'_>) -> Verdict {
///         let verdict = next.run().await;
///         if verdict.is_ok() {
///             println!("{} went well", call.descriptor().name);
///         }
///         self.0.fetch_add(1, Ordering::Relaxed);
///         verdict
///     }
/// }
///
/// #[command(output = u32, middleware = [Count::default()])]
/// struct One;
///
/// #[handler]
/// fn one(_: One) -> u32 { 1 }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), bus::Error> {
/// assert_eq!(bus::dispatch(One).await?, 1);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a middleware",
    label = "not a middleware",
    note = "implement `bus::Middleware` for it, or give a function `async fn(Call<'_>, Next<'_>) -> Verdict`"
)]
pub trait Middleware: Send + Sync + 'static {
    /// Handles one dispatch: calls `next.run()`, or answers by itself.
    fn handle<'a>(
        &'a self,
        call: Call<'a>,
        next: Next<'a>,
    ) -> impl Future<Output = Verdict> + Send + 'a;
}

/// A function is a middleware.
impl<F> Middleware for F
where
    F: for<'a> Function<'a> + Send + Sync + 'static,
{
    fn handle<'a>(
        &'a self,
        call: Call<'a>,
        next: Next<'a>,
    ) -> impl Future<Output = Verdict> + Send + 'a {
        self(call, next)
    }
}

/// `for<'a> Fn(Call<'a>, Next<'a>) -> impl Future + Send`, which can't be written directly.
#[doc(hidden)]
pub trait Function<'a>: Fn(Call<'a>, Next<'a>) -> Self::Future {
    type Future: Future<Output = Verdict> + Send + 'a;
}

impl<'a, F, R> Function<'a> for F
where
    F: Fn(Call<'a>, Next<'a>) -> R,
    R: Future<Output = Verdict> + Send + 'a,
{
    type Future = R;
}

/// A middleware whose type is not known.
#[doc(hidden)]
pub trait ErasedMiddleware: Send + Sync {
    fn handle_boxed<'a>(
        &'a self,
        call: Call<'a>,
        next: Next<'a>,
    ) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;
}

impl<M: Middleware> ErasedMiddleware for M {
    fn handle_boxed<'a>(
        &'a self,
        call: Call<'a>,
        next: Next<'a>,
    ) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(self.handle(call, next))
    }
}

/// A middleware in a stack.
#[doc(hidden)]
pub type Layer = Arc<dyn ErasedMiddleware>;

/// Forgets the type of a middleware.
#[doc(hidden)]
pub fn erase(middleware: impl Middleware) -> Layer {
    Arc::new(middleware)
}

/// The middleware of a bus, outermost first.
#[doc(hidden)]
#[derive(Clone, Default)]
pub struct Stack(Vec<Layer>);

impl Stack {
    pub(crate) fn push(&mut self, layer: Layer) {
        self.0.push(layer);
    }

    pub(crate) fn as_slice(&self) -> &[Layer] {
        &self.0
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stack({})", self.0.len())
    }
}

/// The rest of the way to the handler.
pub struct Next<'a> {
    slot: &'a dyn AnySlot,
    /// The middleware of the bus that are left; those of the command are behind the end.
    global: &'a [Layer],
    end: Pin<&'a mut (dyn AnyEnd + 'a)>,
    /// Where the slot keeps the command and the context for each run, once
    /// [`again`](Self::again) was called.
    kept: Option<usize>,
}

impl<'a> Next<'a> {
    pub(super) fn new(
        slot: &'a dyn AnySlot,
        global: &'a [Layer],
        end: Pin<&'a mut (dyn AnyEnd + 'a)>,
    ) -> Self {
        Self {
            slot,
            global,
            end,
            kept: None,
        }
    }

    /// Goes the rest of the way, once. Dropping the future ends what it began.
    #[must_use = "futures do nothing unless awaited"]
    pub fn run(mut self) -> Running<'a> {
        if let Some(at) = self.kept.take() {
            self.slot.restore(at, true);
        }
        match self.global {
            [] => Running(Way::End(self.end)),
            [first, rest @ ..] => {
                self.global = rest;
                Running(Way::Middleware(
                    first.handle_boxed(Call::new(self.slot), self),
                ))
            }
        }
    }

    /// The rest of the way, for one run of several: `None` if the command is not `Clone`.
    /// The last run of all is [`run`](Self::run).
    ///
    /// Each run begins with the command and the context as they are at the first call,
    /// whatever the middleware further in made of them.
    ///
    /// ```
    /// use bus::prelude::*;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// async fn twice(call: Call<'_>, mut next: Next<'_>) -> Verdict {
    ///     if let Some(once) = next.again() {
    ///         let verdict = once.run().await;
    ///         if verdict.is_ok() {
    ///             return verdict;
    ///         }
    ///     }
    ///     next.run().await
    /// }
    ///
    /// #[derive(Clone)]
    /// #[command(output = u32, middleware = [twice])]
    /// struct Flaky;
    ///
    /// #[handler]
    /// fn flaky(_: Flaky) -> Result<u32, bus::BoxError> {
    ///     static RUNS: AtomicU32 = AtomicU32::new(0);
    ///     match RUNS.fetch_add(1, Ordering::Relaxed) {
    ///         0 => Err("not yet".into()),
    ///         run => Ok(run),
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), bus::Error> {
    /// assert_eq!(bus::dispatch(Flaky).await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn again(&mut self) -> Option<Next<'_>> {
        match self.kept {
            Some(at) => self.slot.restore(at, false),
            None => self.kept = Some(self.slot.save()?),
        }
        Some(Next {
            slot: self.slot,
            global: self.global,
            end: self.end.as_mut(),
            kept: None,
        })
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Next({} middleware of the bus)", self.global.len())
    }
}

/// The rest of the way, under way.
#[must_use = "futures do nothing unless awaited"]
pub struct Running<'a>(Way<'a>);

enum Way<'a> {
    Middleware(Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>),
    End(Pin<&'a mut (dyn AnyEnd + 'a)>),
}

impl Future for Running<'_> {
    type Output = Verdict;

    #[inline]
    fn poll(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Verdict> {
        match &mut self.get_mut().0 {
            Way::Middleware(future) => future.as_mut().poll(task),
            Way::End(end) => end.as_mut().poll_end(task),
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Way::End(end) = &mut self.0 {
            end.as_mut().stop();
        }
    }
}

impl fmt::Debug for Running<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Running")
    }
}
