//! `Middleware` and `Next`: code around every handler, or around one.
use super::call::{Call, Verdict};
use super::end::{AnyEnd, End};
use super::slot::AnySlot;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, ready};

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
    message = "`{Self}` is not a middleware [BUS040]",
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
#[diagnostic::do_not_recommend]
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
    /// Handles one dispatch; `rest` are the middleware behind this one, and `tail` begins
    /// what is behind them all.
    fn handle_boxed<'a>(
        &'a self,
        slot: &'a dyn AnySlot,
        rest: &'a [Layer],
        tail: &'a Tail<'a>,
    ) -> BoxVerdict<'a>;
}

/// A future of a verdict whose type is not known.
pub type BoxVerdict<'a> = Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

/// Begins what is behind the middleware of the bus.
pub type Tail<'a> = dyn Fn() -> BoxVerdict<'a> + Send + Sync + 'a;

impl<M: Middleware> ErasedMiddleware for M {
    fn handle_boxed<'a>(
        &'a self,
        slot: &'a dyn AnySlot,
        rest: &'a [Layer],
        tail: &'a Tail<'a>,
    ) -> BoxVerdict<'a> {
        Box::pin(async move {
            let rest = pin!(End::new(slot, || through(slot, rest, tail)));
            self.handle(Call::new(slot), Next::new(rest)).await
        })
    }
}

/// Goes through the middleware of the bus that are left, then the rest.
pub(super) fn through<'a>(
    slot: &'a dyn AnySlot,
    layers: &'a [Layer],
    tail: &'a Tail<'a>,
) -> BoxVerdict<'a> {
    match layers {
        [] => tail(),
        [first, rest @ ..] => first.handle_boxed(slot, rest, tail),
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
///
/// Little more than a pointer, as it is handed on at each step.
pub struct Next<'a> {
    end: Pin<&'a mut (dyn AnyEnd + 'a)>,
    /// Whether this is one run of several, after which others may follow.
    one_of_several: bool,
}

impl<'a> Next<'a> {
    pub(super) fn new(end: Pin<&'a mut (dyn AnyEnd + 'a)>) -> Self {
        Self {
            end,
            one_of_several: false,
        }
    }

    /// Goes the rest of the way, once. Dropping the future ends what it began.
    #[inline]
    #[must_use = "futures do nothing unless awaited"]
    pub fn run(mut self) -> Running<'a> {
        if !self.one_of_several {
            self.end.as_mut().last();
        }
        Running {
            end: self.end,
            under_way: false,
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
        self.end.as_mut().again().then(|| Next {
            end: self.end.as_mut(),
            one_of_several: true,
        })
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Next")
    }
}

/// The rest of the way, under way.
#[must_use = "futures do nothing unless awaited"]
pub struct Running<'a> {
    end: Pin<&'a mut (dyn AnyEnd + 'a)>,
    under_way: bool,
}

impl Future for Running<'_> {
    type Output = Verdict;

    #[inline]
    fn poll(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Verdict> {
        let this = self.get_mut();
        this.under_way = true;
        let verdict = ready!(this.end.as_mut().poll_end(task));
        this.under_way = false;
        Poll::Ready(verdict)
    }
}

impl Drop for Running<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.under_way {
            self.end.as_mut().stop();
        }
    }
}

impl fmt::Debug for Running<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Running")
    }
}
