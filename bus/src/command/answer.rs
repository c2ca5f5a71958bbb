//! What a handler may return, and how it becomes the declared answer.
use super::contract::{Answer, Command};
use super::error::Error;
use crate::error::BoxError;

/// What a handler of `C` that can fail returns: implemented for the type as it is written,
/// so that a mistake is shown there.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this handler of `{C}` returns `{Self}`, which is named like a `Result` and is none [BUS004]",
    label = "not a `Result`",
    note = "a type whose name ends in `Result` is taken as one: return `Result<_, _>`, or name the type otherwise"
)]
pub trait IntoAnswer<C: Command> {
    fn into_answer(self) -> Answer<C>;
}

impl<C, T, E> IntoAnswer<C> for Result<T, E>
where
    C: Command,
    T: IsOutput<C, C::Output>,
    E: IsError<C, C::Error>,
{
    #[inline]
    fn into_answer(self) -> Answer<C> {
        match self {
            Ok(output) => Ok(output.it()),
            Err(error) => Err(Error::Handler(error.it())),
        }
    }
}

/// The output of a handler of `C` is the declared one.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this handler returns `{Self}`, but `{C}` declares `output = {T}` [BUS004]",
    label = "expected `{T}`",
    note = "return `{T}`, or declare `output = {Self}` at `{C}`; an alias of `Result` must end in `Result` to be seen as one"
)]
pub trait IsOutput<C, T> {
    fn it(self) -> T;
}

#[diagnostic::do_not_recommend]
impl<C, T> IsOutput<C, T> for T {
    #[inline]
    fn it(self) -> T {
        self
    }
}

/// The error of a handler of `C` is the declared one.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this handler fails with `{Self}`, but `{C}` declares `error = {E}` [BUS005]",
    label = "expected `Result<_, {E}>`",
    note = "fail with `{E}`, or declare `error = {Self}` at `{C}`",
    note = "a command that declares no error takes every type that implements `std::error::Error`"
)]
pub trait IsError<C, E> {
    fn it(self) -> E;
}

#[diagnostic::do_not_recommend]
impl<C, E> IsError<C, E> for E {
    #[inline]
    fn it(self) -> E {
        self
    }
}

/// A command that declares no error takes any.
#[diagnostic::do_not_recommend]
impl<C, E> IsError<C, BoxError> for E
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    #[inline]
    fn it(self) -> BoxError {
        BoxError::new(self)
    }
}
