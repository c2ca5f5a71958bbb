//! What a middleware sees of a dispatch, and what it answers.
use super::slot::AnySlot;
use crate::command::{Answer, Command, Context, Descriptor, Error, ErrorKind};
use crate::error::BoxError;
use std::any::type_name;
use std::fmt;
use std::time::Duration;

/// One dispatch as a middleware sees it: the descriptor, the context, the command by
/// downcast, and after [`Next::run`](super::Next::run) the answer.
#[derive(Clone, Copy)]
pub struct Call<'a>(&'a dyn AnySlot);

/// That a dispatch has its answer: what a middleware returns. The answer itself is read
/// and changed through the [`Call`], which always tells the latest: return the verdict of
/// the last change.
///
/// It says nothing about another dispatch: kept and returned there, it rejects that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a middleware returns it"]
pub struct Verdict(bool);

impl Verdict {
    #[cfg(feature = "tower")]
    pub(super) const OK: Self = Self(true);
    #[cfg(feature = "tower")]
    pub(super) const FAILED: Self = Self(false);

    pub(super) fn of<T, E>(answer: &Result<T, E>) -> Self {
        Self(answer.is_ok())
    }

    /// Whether the answer is an output, not an error.
    pub fn is_ok(self) -> bool {
        self.0
    }
}

/// The facts of an error that do not depend on the command's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The reason.
    pub kind: ErrorKind,
    /// How long to wait before asking again, where that is known.
    pub retry_after: Option<Duration>,
}

/// An answer of another type than the command declares.
#[derive(Debug, thiserror::Error)]
#[error("`{given}` is not what command `{command}` answers")]
pub struct WrongType {
    command: &'static str,
    given: &'static str,
}

impl<'a> Call<'a> {
    pub(super) fn new(slot: &'a dyn AnySlot) -> Self {
        Self(slot)
    }

    /// The facts that the command's declaration states.
    pub fn descriptor(&self) -> &'static Descriptor {
        self.0.descriptor()
    }

    /// The context that the handler will get.
    pub fn context(&self) -> Context {
        self.0.context()
    }

    /// Changes the context that the rest of the way gets.
    ///
    /// ```
    /// use bus::prelude::*;
    ///
    /// struct Tenant(&'static str);
    ///
    /// async fn tenant(call: Call<'_>, next: Next<'_>) -> Verdict {
    ///     call.update_context(|cx| cx.with_extension(Tenant("acme")));
    ///     next.run().await
    /// }
    ///
    /// #[command(output = String, middleware = [tenant])]
    /// struct WhoAmI;
    ///
    /// #[handler]
    /// fn who_am_i(_: WhoAmI, cx: &Context) -> String {
    ///     cx.extension::<Tenant>().map(|tenant| tenant.0).unwrap_or("nobody").to_owned()
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), bus::Error> {
    /// assert_eq!(bus::dispatch(WhoAmI).await?, "acme");
    /// # Ok(()) }
    /// ```
    pub fn update_context(&self, change: impl FnOnce(Context) -> Context) {
        let mut change = Some(change);
        self.0.update_context(&mut |cx| match change.take() {
            Some(change) => change(cx),
            None => cx,
        });
    }

    /// Whether the command's own policies let it through to an answer that is not the handler's;
    /// if not, the refusal is the answer: return the verdict.
    pub(super) fn admit(&self) -> Result<(), Verdict> {
        match self.0.admit() {
            true => Ok(()),
            false => Err(Verdict(false)),
        }
    }

    /// Looks at the command, if it is a `C` and no handler has taken it.
    pub fn command<C: Command, R>(&self, see: impl FnOnce(&C) -> R) -> Option<R> {
        self.command_mut(|command: &mut C| see(command))
    }

    /// Changes the command, if it is a `C` and no handler has taken it.
    pub fn command_mut<C: Command, R>(&self, change: impl FnOnce(&mut C) -> R) -> Option<R> {
        let (mut change, mut result) = (Some(change), None);
        self.0.with_command(&mut |command| {
            if let (Some(command), Some(change)) = (command.downcast_mut(), change.take()) {
                result = Some(change(command));
            }
        });
        result
    }

    /// Looks at the output, if there is one of this type.
    pub fn output<T: 'static, R>(&self, see: impl FnOnce(&T) -> R) -> Option<R> {
        let (mut see, mut result) = (Some(see), None);
        self.0.with_output(&mut |output| {
            if let (Some(output), Some(see)) = (output.downcast_ref(), see.take()) {
                result = Some(see(output));
            }
        });
        result
    }

    /// Looks at the error, if there is one and `E` is the type that the command declares.
    pub fn error<E: 'static, R>(&self, see: impl FnOnce(&Error<E>) -> R) -> Option<R> {
        let (mut see, mut result) = (Some(see), None);
        self.0.with_error(&mut |error| {
            if let (Some(error), Some(see)) = (error.downcast_ref(), see.take()) {
                result = Some(see(error));
            }
        });
        result
    }

    /// Why the dispatch failed, if it did.
    pub fn failure(&self) -> Option<Failure> {
        self.outcome()?.err()
    }

    /// Whether the dispatch has succeeded (`true`) or failed so far; `None` before there is
    /// an answer.
    pub(super) fn outcome(&self) -> Option<Result<(), Failure>> {
        self.0.outcome()
    }

    /// Why the dispatch failed, in words: for logs. An error of the handler's own type is
    /// shown if that is the default one, else named by its type.
    pub fn reason(&self) -> Option<String> {
        self.0.reason()
    }

    /// Makes another answer of the answer, if this is a dispatch of `C` that has one.
    ///
    /// ```
    /// use bus::prelude::*;
    ///
    /// #[command(output = u32, middleware = [or_zero])]
    /// struct Count;
    ///
    /// async fn or_zero(call: Call<'_>, next: Next<'_>) -> Verdict {
    ///     let verdict = next.run().await;
    ///     call.map_answer::<Count>(|answer| Ok(answer.unwrap_or(0))).unwrap_or(verdict)
    /// }
    ///
    /// #[handler]
    /// fn count(_: Count) -> Result<u32, bus::BoxError> {
    ///     Err("no counter".into())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), bus::Error> {
    /// assert_eq!(bus::dispatch(Count).await?, 0);
    /// # Ok(()) }
    /// ```
    pub fn map_answer<C: Command>(
        &self,
        change: impl FnOnce(Answer<C>) -> Answer<C>,
    ) -> Option<Verdict> {
        let (mut change, mut verdict) = (Some(change), None);
        self.0.with_answer(&mut |answer| {
            let Some(place) = answer.downcast_mut::<Option<Answer<C>>>() else {
                return;
            };
            if let (Some(change), Some(answer)) = (change.take(), place.take()) {
                let changed = change(answer);
                verdict = Some(Verdict::of(&changed));
                *place = Some(changed);
            }
        });
        verdict
    }

    /// Answers with `output`, with or without having called the handler.
    ///
    /// # Errors
    /// If the command declares another output type.
    pub fn answer<T: 'static>(&self, output: T) -> Result<Verdict, WrongType> {
        match self.0.set_output(&mut Some(output)) {
            true => Ok(Verdict(true)),
            false => Err(self.wrong_type::<T>()),
        }
    }

    /// Answers with an error of the type that the command declares.
    ///
    /// # Errors
    /// If the command declares another error type.
    pub fn fail<E: 'static>(&self, error: Error<E>) -> Result<Verdict, WrongType> {
        match self.0.set_error(&mut Some(error)) {
            true => Ok(Verdict(false)),
            false => Err(self.wrong_type::<E>()),
        }
    }

    /// Answers with a full answer of command `C`.
    ///
    /// # Errors
    /// If this is no dispatch of `C`.
    pub fn settle<C: Command>(&self, answer: Answer<C>) -> Result<Verdict, WrongType> {
        match answer {
            Ok(output) => self.answer(output),
            Err(error) => self.fail(error),
        }
    }

    /// Refuses with a reason that any command can have; `Error::Handler(reason)` becomes
    /// `Error::Rejected`.
    pub fn reject(&self, reason: Error<BoxError>) -> Verdict {
        self.0.reject(reason);
        Verdict(false)
    }

    fn wrong_type<T>(&self) -> WrongType {
        WrongType {
            command: self.descriptor().name,
            given: type_name::<T>(),
        }
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call")
            .field(&self.descriptor().name)
            .finish()
    }
}
