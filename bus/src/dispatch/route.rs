//! The two ways to a handler: the trait in the command's crate, the link symbol in another.
use crate::command::{Answer, Command, Context, Error, Handled};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

/// The local route: the handler of the command's own crate, known to the type system.
#[inline]
pub fn route<C: Handled>(command: C, cx: &Context) -> impl Future<Output = Answer<C>> + Send {
    command.__handle(cx)
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

pin_project! {
    /// The call of an `async` handler, or the argument that could not be injected.
    ///
    /// By hand where an async block would do: that would move the command once more.
    #[project = Step]
    enum Handling<C: Command, F, W> {
        Handler { #[pin] future: F, wrap: W },
        Rejected { error: Option<Error<C::Error>> },
    }
}

impl<C, F, W> Future for Handling<C, F, W>
where
    C: Command,
    F: Future,
    W: Fn(F::Output) -> Answer<C>,
{
    type Output = Answer<C>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Answer<C>> {
        match self.project() {
            Step::Handler { future, wrap } => future.poll(task).map(&*wrap),
            Step::Rejected { error } => Poll::Ready(Err(error
                .take()
                .expect("a future is not polled after it ended"))),
        }
    }
}

/// Calls an `async` handler: `wrap` makes its return value the answer.
#[inline]
pub fn call<C, F>(
    future: Result<F, Error<C::Error>>,
    wrap: impl Fn(F::Output) -> Answer<C> + Send,
) -> impl Future<Output = Answer<C>> + Send
where
    C: Command,
    F: Future + Send,
{
    match future {
        Ok(future) => Handling::<C, F, _>::Handler { future, wrap },
        Err(error) => Handling::Rejected { error: Some(error) },
    }
}
