//! The current context, and the one relaxed load that tells whether there is any to look for.
use crate::command::{Context, NeedKind, Registration};
use crate::extensions::Extensions;
use pin_project_lite::pin_project;
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

thread_local! {
    /// The contexts of what this thread is polling, the innermost last.
    static CURRENT: RefCell<Vec<Context>> = const { RefCell::new(Vec::new()) };
}

/// What could make one dispatch differ from a direct call: 0 means nothing.
///
/// The bits are facts about the program. A relaxed
/// load is enough, as no data is published through this word and whoever made a bus or a
/// context sees its own store.
static DIFFERENCE: AtomicU8 = AtomicU8::new(UNKNOWN);

/// Nobody has looked yet.
const UNKNOWN: u8 = 1;
/// A linked handler reads its context, so contexts can be told apart.
const READ: u8 = 2;
/// The installed bus has middleware.
const MIDDLEWARE: u8 = 4;
/// Somebody has made a context, so there may be a current one.
const CONTEXT: u8 = 8;
/// There is a bus that is not the installed one.
const OTHER: u8 = 16;

/// How many buses were made.
static BUSES: Mutex<usize> = Mutex::new(0);

/// Whether a dispatch may go straight to its handler.
#[inline]
pub(super) fn plain() -> bool {
    DIFFERENCE.load(Ordering::Relaxed) == 0 || looks_plain()
}

/// Whether the installed bus has middleware and nothing else could tell: no context is needed
/// until one of them asks for it.
pub(super) fn only_middleware() -> bool {
    DIFFERENCE.load(Ordering::Relaxed) == MIDDLEWARE
}

#[cold]
fn looks_plain() -> bool {
    if DIFFERENCE.load(Ordering::Relaxed) & UNKNOWN != 0 {
        look();
    }
    DIFFERENCE.load(Ordering::Relaxed) == 0
}

/// Finds out, at the first dispatch, whether any linked handler reads its context.
fn look() {
    let reads = inventory::iter::<Registration>
        .into_iter()
        .flat_map(|handler| handler.needs)
        .any(|need| need().kind != NeedKind::State);
    if reads {
        add(READ);
    }
    DIFFERENCE.fetch_and(!UNKNOWN, Ordering::Relaxed);
}

/// Notices a new bus: until it is installed, a dispatch must look for the current one.
pub(crate) fn bus_made() {
    *BUSES.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    add(OTHER);
}

/// Notices that a bus was installed, with or without middleware that every dispatch must meet.
pub(crate) fn bus_installed(middleware: bool) {
    if middleware {
        add(MIDDLEWARE);
    }
    if *BUSES.lock().unwrap_or_else(PoisonError::into_inner) == 1 {
        DIFFERENCE.fetch_and(!OTHER, Ordering::Relaxed);
    }
}

/// Notices that a context was made that a dispatch could have to inherit from.
pub(crate) fn context_made() {
    add(CONTEXT);
}

/// The context of a dispatch made here: a child of the enclosing scope's, or a new root.
pub(crate) fn next() -> Context {
    CURRENT.with_borrow(|entered| entered.last().map_or_else(Context::root, Context::child))
}

/// The context of a dispatch made here on the bus with this state: a child of the enclosing
/// scope's, if that is of the same bus, or a new root.
#[inline]
pub(crate) fn next_on(bus: &Arc<Extensions>) -> Context {
    context_made();
    CURRENT.with_borrow(|entered| match entered.last() {
        Some(current) if current.is_on(bus) => current.child(),
        _ => Context::on(bus),
    })
}

/// Adds a fact. The word is read by every dispatch, so it is written only when it changes.
fn add(fact: u8) {
    if DIFFERENCE.load(Ordering::Relaxed) & fact == 0 {
        DIFFERENCE.fetch_or(fact, Ordering::Relaxed);
    }
}

impl Context {
    /// The root of a new request on the installed bus: a new id, which is the correlation id too.
    #[expect(clippy::new_without_default, reason = "two defaults would differ")]
    pub fn new() -> Self {
        context_made();
        Self::root()
    }

    /// The context of the enclosing scope or handler, if there is one: to hand on to a
    /// spawned task, which does not inherit it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use bus::Context;
    ///
    /// assert!(Context::current().is_none());
    /// let cx = Context::new();
    /// let id = cx.id();
    /// let inside = cx.scope(async {
    ///     let cx = Context::current().expect("inside a scope");
    ///     tokio::spawn(cx.scope(async { Context::current().map(|cx| cx.id()) })).await
    /// });
    /// assert_eq!(inside.await.unwrap(), Some(id));
    /// # }
    /// ```
    pub fn current() -> Option<Self> {
        CURRENT.with_borrow(|entered| entered.last().cloned())
    }

    /// Runs `future` in this context: what it dispatches, at any depth and across
    /// `.await`, inherits from it.
    pub fn scope<F: Future>(self, future: F) -> Scope<F> {
        Scope {
            context: self,
            future,
        }
    }
}

pin_project! {
    /// A future in the context of [`Context::scope`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Scope<F> {
        context: Context,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = Entered::new(this.context);
        this.future.poll(task)
    }
}

impl<F> fmt::Debug for Scope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scope")
    }
}

/// Runs `future` in the context `cx`.
#[inline]
pub(super) fn within<F: Future>(cx: &Context, future: F) -> Within<'_, F> {
    Within {
        context: cx,
        future,
    }
}

pin_project! {
    /// A [`Scope`] of a context that another holds.
    #[must_use = "futures do nothing unless awaited"]
    pub(super) struct Within<'c, F> {
        context: &'c Context,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Within<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = Entered::new(this.context);
        this.future.poll(task)
    }
}

/// A context that is current; when this is dropped, the one before is again.
struct Entered(());

impl Entered {
    /// Nothing, if nobody can tell this context from another.
    #[inline]
    fn new(context: &Context) -> Option<Self> {
        if context.is_plain() {
            return None;
        }
        CURRENT.with_borrow_mut(|entered| entered.push(context.clone()));
        Some(Self(()))
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        // Dropped once it is out of there: what it holds may ask for the current one.
        drop(CURRENT.with_borrow_mut(Vec::pop));
    }
}
