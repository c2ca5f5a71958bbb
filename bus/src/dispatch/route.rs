//! The two ways to a handler: the trait in the command's crate, the link symbol in another.
use crate::command::{Answer, Command, Context, Handled};
use std::fmt;
use std::future::Future;
use std::pin::Pin;

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
