//! Middleware in a row: known when compiled, so nothing between them is boxed.
#![expect(
    clippy::manual_async_fn,
    reason = "what is `Send`, and for how long, is said in the signature"
)]
use super::call::{Call, Verdict};
use super::end::{AnyEnd, End};
use super::middleware::Middleware;
use super::next::Next;
use super::slot::{AnySlot, Slot};
use crate::command::Command;
use spin::Mutex;
use std::any::Any;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::OnceLock;

/// What is behind a row of middleware.
pub trait Tail: Sync {
    /// Begins it.
    fn begin(&self) -> impl Future<Output = Verdict> + Send;
}

/// Middleware in a row, as nested pairs: `(outermost, (next, ()))`.
pub trait Chain: Send + Sync + 'static {
    /// Whether there are any.
    const ANY: bool;

    /// Goes through all of them to what is behind.
    fn through<'a, T: Tail>(
        &'a self,
        slot: &'a dyn AnySlot,
        tail: &'a T,
    ) -> impl Future<Output = Verdict> + Send + 'a;
}

impl Chain for () {
    const ANY: bool = false;

    #[inline]
    fn through<'a, T: Tail>(
        &'a self,
        _: &'a dyn AnySlot,
        tail: &'a T,
    ) -> impl Future<Output = Verdict> + Send + 'a {
        tail.begin()
    }
}

impl<M: Middleware, R: Chain> Chain for (M, R) {
    const ANY: bool = true;

    #[inline]
    fn through<'a, T: Tail>(
        &'a self,
        slot: &'a dyn AnySlot,
        tail: &'a T,
    ) -> impl Future<Output = Verdict> + Send + 'a {
        async move {
            let rest = pin!(End::new(slot, || self.1.through(slot, tail)));
            self.0.handle(Call::new(slot), Next::new(rest)).await
        }
    }
}

/// The middleware that a [`Builder`](crate::Builder) was given, as types: what a function that
/// is generic over them asks for, to [`build`](crate::Builder::build) it.
///
/// ```
/// use bus::{Builder, layers::{Row, Trace}, prelude::*};
///
/// async fn small<M: Row>(with: impl FnOnce(Builder) -> Builder<M>) -> Bus {
///     with(Bus::builder()).partial().build().await.expect("partial")
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let bus = small(|builder| builder.middleware(Trace::new())).await;
/// # }
/// ```
pub trait Row<R = ()> {
    /// The same, outermost first, with `R` behind it.
    #[doc(hidden)]
    type Chain: Chain;
    /// Turns it round.
    #[doc(hidden)]
    fn before(self, rest: R) -> Self::Chain;
}

impl<R: Chain> Row<R> for () {
    type Chain = R;

    fn before(self, rest: R) -> R {
        rest
    }
}

impl<O: Row<(M, R)>, M: Middleware, R: Chain> Row<R> for (O, M) {
    type Chain = O::Chain;

    fn before(self, rest: R) -> O::Chain {
        self.0.before((self.1, rest))
    }
}

impl<C: Command> Tail for Slot<'_, C> {
    #[inline]
    fn begin(&self) -> impl Future<Output = Verdict> + Send {
        self.call()
    }
}

/// The chain that a declaration names, made at the first dispatch. A static can't name the
/// type of its expressions; this finds it again.
pub fn chain<T: Chain>(
    place: &'static OnceLock<Box<dyn Any + Send + Sync>>,
    make: fn() -> T,
) -> &'static T {
    place
        .get_or_init(|| Box::new(make()))
        .downcast_ref()
        .expect("one declaration has one chain")
}

/// Asks for a middleware where it is written. What it gives does not ask again, so that a mistake
/// is told once.
pub fn middleware<M: Middleware>(middleware: M) -> Listed<M> {
    Listed(middleware)
}

/// One that a declaration lists, whatever it is.
#[derive(Debug)]
pub struct Listed<M>(M);

impl<M: Middleware> Listed<M> {
    /// A row that begins with it.
    pub fn before<R>(self, rest: R) -> (M, R) {
        (self.0, rest)
    }
}

/// What is no middleware is left out of the row: nothing runs anyway, it was told already.
pub trait NotMiddleware<R> {
    /// The row without it.
    fn before(self, rest: R) -> R;
}

impl<M, R> NotMiddleware<R> for Listed<M> {
    fn before(self, rest: R) -> R {
        rest
    }
}

/// The middleware of a bus, whose types are not known: all of them are boxed as one.
pub(crate) struct Stack(Box<dyn AnyChain>);

impl Stack {
    /// These, or nothing if there are none.
    pub(crate) fn new(row: impl Row) -> Option<Self> {
        Self::of(row.before(()))
    }

    fn of<S: Chain>(chain: S) -> Option<Self> {
        S::ANY.then(|| Self(Box::new(chain)))
    }

    /// Goes through all of them.
    #[inline]
    pub(super) fn through<'a, 't: 'a>(
        &'a self,
        slot: &'a dyn AnySlot,
        tail: &'a Foreign<'t>,
    ) -> BoxVerdict<'a> {
        self.0.through_boxed(slot, tail)
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stack")
    }
}

/// A future of a verdict whose type is not known.
type BoxVerdict<'a> = Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

/// A [`Chain`] whose type is not known.
trait AnyChain: Send + Sync {
    fn through_boxed<'a, 't: 'a>(
        &'a self,
        slot: &'a dyn AnySlot,
        tail: &'a Foreign<'t>,
    ) -> BoxVerdict<'a>;
}

impl<S: Chain> AnyChain for S {
    fn through_boxed<'a, 't: 'a>(
        &'a self,
        slot: &'a dyn AnySlot,
        tail: &'a Foreign<'t>,
    ) -> BoxVerdict<'a> {
        Box::pin(self.through(slot, tail))
    }
}

/// What is behind the middleware of a bus, which do not know the command.
///
/// Only one run of it is ever under way, as a `Next` is no one else's: the lock is free
/// whenever it is asked for.
pub(super) struct Foreign<'t>(Mutex<Pin<&'t mut (dyn AnyEnd + 't)>>);

impl<'t> Foreign<'t> {
    #[inline]
    pub(super) fn new(end: Pin<&'t mut (dyn AnyEnd + 't)>) -> Self {
        Self(Mutex::new(end))
    }

    #[inline]
    fn with<R>(&self, act: impl FnOnce(Pin<&mut (dyn AnyEnd + 't)>) -> R) -> R {
        let mut end = self.0.try_lock().expect("one run at a time");
        act(end.as_mut())
    }
}

impl Tail for Foreign<'_> {
    #[inline]
    fn begin(&self) -> impl Future<Output = Verdict> + Send {
        async move {
            let mut begun = Begun {
                tail: self,
                is_over: true,
            };
            poll_fn(|task| {
                begun.is_over = false;
                let poll = self.with(|end| end.poll_end(false, task));
                begun.is_over = poll.is_ready();
                poll
            })
            .await
        }
    }
}

/// A run of what is behind: it ends with this.
struct Begun<'a, 't> {
    tail: &'a Foreign<'t>,
    is_over: bool,
}

impl Drop for Begun<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_over {
            self.tail.with(|end| end.stop());
        }
    }
}
