//! The two ways to a handler: the trait in the command's crate, the link symbol in another.
use super::cold::Cold;
use crate::command::{Answer, Command, Context, Error, FromContext, Handled};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::{Future, Pending, pending};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::Poll;

/// The local route: the handler of the command's own crate, known to the type system.
#[inline]
pub fn route<C: Command + Handled>(
    command: C,
    cx: &Context,
) -> impl Future<Output = Answer<C>> + Send {
    command.__handle(cx)
}

/// The route that the command declares, for who does not know which.
#[inline]
pub fn routed<C: Command>(command: C, cx: &Context) -> impl Future<Output = Answer<C>> + Send {
    command.__route(cx)
}

/// What the entry point of a remote handler gives: no allocation where it is not `async`.
pub enum Started<'a, C: Command> {
    /// The handler was a plain function.
    Ready(Answer<C>),
    /// The handler is `async`.
    Later(Pin<Box<dyn Future<Output = Answer<C>> + Send + 'a>>),
}

impl<C: Command> fmt::Debug for Started<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready(_) => "Ready",
            Self::Later(_) => "Later",
        })
    }
}

/// The remote route: waits for what the entry point started.
#[inline]
pub async fn finish<C: Command>(started: Started<'_, C>) -> Answer<C> {
    match started {
        Started::Ready(answer) => answer,
        Started::Later(future) => future.await,
    }
}

/// Calls an `async` handler that takes nothing but its command: `wrap` makes its return
/// value the answer.
///
/// That the future is `Send` is asked for by the generated return type alone, so that it is
/// reported once.
#[inline]
pub fn call<C, F, W>(future: F, wrap: W) -> impl Future<Output = Answer<C>>
where
    C: Command,
    F: Future,
    W: Fn(F::Output) -> Answer<C>,
{
    Calling::<C, F, W> {
        future,
        wrap,
        command: PhantomData,
    }
}

/// Calls an `async` handler that is injected with `A`: `InjectedCall::<C, A>::call` is the
/// inherent function where that can be injected, else that of [`NotInjectable`]. What can't be
/// is told at the argument, and not again because the future that holds it is not `Send`.
#[derive(Debug)]
pub struct InjectedCall<C, A>(PhantomData<(C, A)>);

impl<'c, C: Command, A: AllFromContext<'c>> InjectedCall<C, A> {
    /// Calls it, unless one of its arguments could not be injected.
    #[inline]
    pub fn call<F, W>(
        future: Result<F, Error<C::Error>>,
        wrap: W,
    ) -> impl Future<Output = Answer<C>> + use<C, A, F, W>
    where
        F: Future,
        W: Fn(F::Output) -> Answer<C>,
    {
        match future {
            Ok(future) => Injected::Calling {
                calling: Calling::<C, F, W> {
                    future,
                    wrap,
                    command: PhantomData,
                },
            },
            Err(error) => Injected::Rejected {
                error: Cold::new(Box::pin(Refused(Some(error)))),
            },
        }
    }
}

/// See [`InjectedCall`].
pub trait NotInjectable<C: Command> {
    /// Never ends.
    fn call<F, W>(_: Result<F, Error<C::Error>>, _: W) -> Pending<Answer<C>>
    where
        F: Future,
        W: Fn(F::Output) -> Answer<C>,
    {
        pending()
    }
}

impl<C: Command, A> NotInjectable<C> for InjectedCall<C, A> {}

/// Types that can all be injected: `(A, (B, ()))`.
pub trait AllFromContext<'c> {}

impl AllFromContext<'_> for () {}

impl<'c, A: FromContext<'c>, B: AllFromContext<'c>> AllFromContext<'c> for (A, B) {}

pin_project! {
    /// The call of an `async` handler.
    ///
    /// By hand where an async block would do: that would move the command once more.
    struct Calling<C, F, W> {
        #[pin]
        future: F,
        wrap: W,
        command: PhantomData<fn(C)>,
    }
}

impl<C, F, W> Future for Calling<C, F, W>
where
    C: Command,
    F: Future,
    W: Fn(F::Output) -> Answer<C>,
{
    type Output = Answer<C>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Answer<C>> {
        let this = self.project();
        match this.future.poll(task) {
            Poll::Ready(value) => Poll::Ready((this.wrap)(value)),
            Poll::Pending => Poll::Pending,
        }
    }
}

pin_project! {
    /// The call of an `async` handler, or why it was not called.
    #[project = Step]
    enum Injected<C: Command, F, W> {
        Calling { #[pin] calling: Calling<C, F, W> },
        Rejected { error: Cold<Refused<Error<C::Error>>> },
    }
}

impl<C, F, W> Future for Injected<C, F, W>
where
    C: Command,
    F: Future,
    W: Fn(F::Output) -> Answer<C>,
{
    type Output = Answer<C>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Answer<C>> {
        match self.project() {
            Step::Calling { calling } => calling.poll(task),
            Step::Rejected { error } => {
                let error = error.get_mut().get_mut().0.take();
                Poll::Ready(Err(error.expect("a future is not polled after it ended")))
            }
        }
    }
}

/// Why a handler was not called, until it is told. Nothing in it is ever pinned.
struct Refused<E>(Option<E>);

impl<E> Unpin for Refused<E> {}
