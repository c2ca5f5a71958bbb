//! `Command` and `Handled`: what the macros implement.
use super::context::Context;
use super::descriptor::Descriptor;
use super::error::Error;
use std::future::{Future, Pending, pending};
use std::marker::PhantomData;

/// What a dispatch of `C` answers.
pub type Answer<C> = Result<<C as Command>::Output, Error<<C as Command>::Error>>;

/// A typed request with one handler and one answer.
///
/// Implemented by `#[command]` and `#[job]` only; the hidden items may change in any release.
///
/// ```
/// use bus::prelude::*;
///
/// /// Adds two numbers.
/// #[command(output = u64)]
/// struct Add(u64, u64);
///
/// #[handler]
/// fn add(sum: Add) -> u64 {
///     sum.0 + sum.1
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), bus::Error> {
/// assert_eq!(bus::dispatch(Add(2, 3)).await?, 5);
/// assert_eq!(Add::DESCRIPTOR.short_name(), "Add");
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command [BUS003]",
    label = "not a command",
    note = "annotate the definition of `{Self}` with `#[bus::command]`"
)]
pub trait Command: Sized + Send + 'static {
    /// What the handler answers.
    type Output: Send + 'static;
    /// What the handler fails with.
    type Error: Send + 'static;
    /// The facts that the declaration states.
    const DESCRIPTOR: &'static Descriptor;

    /// Calls the handler.
    #[doc(hidden)]
    fn __route(self, cx: &Context) -> impl Future<Output = Answer<Self>> + Send
    where
        for<'a> <Self as Same<'a>>::It: Send;

    /// Calls the handler behind the declared policies.
    #[doc(hidden)]
    #[inline]
    fn __run(self, cx: &Context) -> impl Future<Output = Answer<Self>> + Send {
        self.__route(cx)
    }

    /// Cleans it and asks what decides before the handler, in order: sanitize, validate,
    /// authorize. For who answers without the handler: a job's store, a cache.
    #[doc(hidden)]
    fn __check(&mut self, cx: &Context) -> Result<(), Error<Self::Error>> {
        let _ = cx;
        Ok(())
    }

    /// How to copy the command, where the type is `Clone`: what lets a middleware run it again.
    #[doc(hidden)]
    const __CLONE: Option<fn(&Self) -> Self> = None;
}

/// The type itself, by a detour: generated code takes `for<'a> <Self as Same<'a>>::It: Send` as
/// given, and the compiler does not look whether it is. That a command is `Send` is thereby
/// asked, and missed, once: where it is declared.
#[doc(hidden)]
pub trait Same<'a> {
    type It;
}

impl<T> Same<'_> for T {
    type It = T;
}

/// Finds `Send` when compiled: `SendProbe::<C>::future` is the inherent function where `C` is
/// `Send`, else that of [`NotSend`]. For long functions, which the compiler checks much slower
/// under a clause as that of [`Same`].
#[doc(hidden)]
#[derive(Debug)]
pub struct SendProbe<C>(PhantomData<C>);

impl<C: Send> SendProbe<C> {
    #[inline(always)]
    pub fn future<F: Future>(future: F) -> F {
        future
    }
}

/// See [`SendProbe`].
#[doc(hidden)]
pub trait NotSend<C> {
    fn future<F: Future>(_: F) -> Pending<F::Output> {
        pending()
    }
}

impl<C> NotSend<C> for SendProbe<C> {}

/// The types that a command declares: to name them so does not ask again that it is `Send`.
#[doc(hidden)]
pub trait Declared {
    type Output;
    type Error;
}

impl<C: Command> Declared for C {
    type Output = C::Output;
    type Error = C::Error;
}

/// [`Answer`] in generated code; see [`Declared`].
#[doc(hidden)]
pub type DeclaredAnswer<C> = Result<<C as Declared>::Output, Error<<C as Declared>::Error>>;

/// A command whose handler is in its own crate. Implemented by `#[handler]`.
#[diagnostic::on_unimplemented(
    message = "no `#[handler]` for command `{Self}` [BUS001]",
    label = "this command has no handler",
    note = "add one to this crate: `#[bus::handler] async fn name(command: {Self}) -> Result<_, _> {{ … }}`",
    note = "if its handler lives in another crate, declare it `#[bus::command(remote, …)]`"
)]
pub trait Handled: Sized {
    /// Calls the handler with its injected arguments.
    #[doc(hidden)]
    fn __handle(self, cx: &Context) -> impl Future<Output = Answer<Self>> + Send
    where
        Self: Command,
        for<'a> <Self as Same<'a>>::It: Send;
}

/// A remote command that some linked crate handles; `M` is a private type of that handler.
/// What `bus::wire!` asks for under `cargo check`.
#[diagnostic::on_unimplemented(
    message = "no `#[handler]` for remote command `{Self}` in the wired crates [BUS007]",
    label = "no crate of this `wire!` handles it",
    note = "write its `#[bus::handler]`, or name the crate that has it in `bus::wire!(…)`"
)]
#[doc(hidden)]
pub trait HandledBy<M> {}

/// Finds `Clone` when compiled: `CloneProbe::<T>::CLONE` is the inherent constant where `T`
/// is `Clone`, else that of [`NotClone`].
#[doc(hidden)]
#[derive(Debug)]
pub struct CloneProbe<T>(PhantomData<T>);

impl<T: Clone> CloneProbe<T> {
    pub const CLONE: Option<fn(&T) -> T> = Some(T::clone);
}

/// See [`CloneProbe`].
#[doc(hidden)]
pub trait NotClone<T> {
    const CLONE: Option<fn(&T) -> T> = None;
}

impl<T> NotClone<T> for CloneProbe<T> {}
