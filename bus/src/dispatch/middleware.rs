//! `Middleware`: code around every handler, or around one.
use super::call::{Call, Verdict};
use super::next::Next;
use std::future::Future;

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

/// One that may be absent: `builder.middleware(traced.then(Trace::new))`.
#[diagnostic::do_not_recommend]
impl<M: Middleware> Middleware for Option<M> {
    async fn handle<'a>(&'a self, call: Call<'a>, next: Next<'a>) -> Verdict {
        match self {
            Some(middleware) => middleware.handle(call, next).await,
            None => next.run().await,
        }
    }
}
