//! Where a dispatch behind middleware keeps its typed command and answer.
//!
//! The middleware see the slot through `dyn AnySlot`, so that only they are boxed: the
//! handler's future, the command and the answer stay typed on the dispatch's own future.
use super::call::{Failure, Verdict};
use super::words::in_words;
use crate::command::{Answer, Command, Context, Descriptor, Error};
use crate::error::BoxError;
use pin_project_lite::pin_project;
use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, ready};

/// The typed state of one dispatch behind middleware.
pub(super) struct Slot<C: Command>(Mutex<Inner<C>>);

struct Inner<C: Command> {
    command: Option<C>,
    context: Context,
    answer: Option<Answer<C>>,
    /// What [`Next::again`](super::Next::again) kept, outermost first.
    saved: Vec<(C, Context)>,
}

impl<C: Command> Slot<C> {
    pub(super) fn new(command: C, context: Context) -> Self {
        Self(Mutex::new(Inner {
            command: Some(command),
            context,
            answer: None,
            saved: Vec::new(),
        }))
    }

    /// No code of the user's runs under this lock, `Clone` of a command apart: what a panic
    /// left is still the truth.
    fn lock(&self) -> MutexGuard<'_, Inner<C>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lends a part of the state without holding the lock: a middleware that looks at the
    /// command may use its [`Call`](super::Call) meanwhile.
    fn lend<T>(&self, part: Part<C, T>, see: impl FnOnce(&mut Option<T>)) {
        let value = part(&mut self.lock()).take();
        let mut loan = Loan {
            slot: self,
            part,
            value,
        };
        see(&mut loan.value);
    }

    pub(super) fn into_answer(self) -> Answer<C> {
        let inner = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Only a verdict that was kept from another dispatch leaves no answer here.
        inner.answer.unwrap_or_else(|| {
            Err(Error::Rejected {
                command: C::DESCRIPTOR,
                reason: BoxError::new("a middleware returned the verdict of another dispatch"),
            })
        })
    }
}

/// Where a part of the state is.
type Part<C, T> = fn(&mut Inner<C>) -> &mut Option<T>;

/// A part of the state that is lent; it comes back even if the borrower panics, unless
/// something took its place meanwhile.
struct Loan<'s, C: Command, T> {
    slot: &'s Slot<C>,
    part: Part<C, T>,
    value: Option<T>,
}

impl<C: Command, T> Drop for Loan<'_, C, T> {
    fn drop(&mut self) {
        let mut inner = self.slot.lock();
        let place = (self.part)(&mut inner);
        if place.is_none() {
            *place = self.value.take();
        }
    }
}

/// A slot whose command's type is not known.
pub(super) trait AnySlot: Send + Sync {
    fn descriptor(&self) -> &'static Descriptor;
    fn context(&self) -> Context;
    fn update_context(&self, change: &mut dyn FnMut(Context) -> Context);
    /// Shows the command, if no run has taken it.
    fn with_command(&self, see: &mut dyn FnMut(&mut dyn Any));
    /// Keeps a copy of the command and the context for later runs and tells where; nothing
    /// if the command can't be copied.
    fn save(&self) -> Option<usize>;
    /// Puts back what [`save`](Self::save) kept there, for the last time or once more.
    fn restore(&self, at: usize, last: bool);
    /// Shows the `Option<Answer<C>>`, which may be taken and replaced.
    fn with_answer(&self, see: &mut dyn FnMut(&mut dyn Any));
    /// Shows the output, if there is one.
    fn with_output(&self, see: &mut dyn FnMut(&mut dyn Any));
    /// Takes an `Option<C::Output>` as the answer; false if it is of another type.
    fn set_output(&self, output: &mut dyn Any) -> bool;
    /// Shows the `Error<C::Error>`, if the answer is one.
    fn with_error(&self, see: &mut dyn FnMut(&mut dyn Any));
    /// Takes an `Option<Error<C::Error>>` as the answer; false if it is of another type.
    fn set_error(&self, error: &mut dyn Any) -> bool;
    /// Takes a reason that any command can have as the answer.
    fn reject(&self, reason: Error<BoxError>);
    /// Whether the answer is an output; nothing if there is none yet.
    fn outcome(&self) -> Option<Result<(), Failure>>;
    /// The error in words, as far as its type allows.
    fn reason(&self) -> Option<String>;
}

impl<C: Command> AnySlot for Slot<C> {
    fn descriptor(&self) -> &'static Descriptor {
        C::DESCRIPTOR
    }

    fn context(&self) -> Context {
        self.lock().context.clone()
    }

    fn update_context(&self, change: &mut dyn FnMut(Context) -> Context) {
        let changed = change(self.context());
        self.lock().context = changed;
    }

    fn with_command(&self, see: &mut dyn FnMut(&mut dyn Any)) {
        self.lend(
            |inner| &mut inner.command,
            |command| {
                if let Some(command) = command {
                    see(command);
                }
            },
        );
    }

    fn save(&self) -> Option<usize> {
        let mut inner = self.lock();
        let copy = C::__CLONE?(inner.command.as_ref()?);
        let context = inner.context.clone();
        inner.saved.push((copy, context));
        Some(inner.saved.len() - 1)
    }

    fn restore(&self, at: usize, last: bool) {
        let mut inner = self.lock();
        // What a middleware further in kept and never used ends here.
        inner.saved.truncate(at + 1);
        let (command, context) = match (C::__CLONE, inner.saved.last()) {
            (Some(copy), Some((command, context))) if !last => {
                (Some(copy(command)), Some(context.clone()))
            }
            _ => inner.saved.pop().unzip(),
        };
        inner.command = command;
        if let Some(context) = context {
            inner.context = context;
        }
    }

    fn with_answer(&self, see: &mut dyn FnMut(&mut dyn Any)) {
        self.lend(|inner| &mut inner.answer, |answer| see(answer));
    }

    fn with_output(&self, see: &mut dyn FnMut(&mut dyn Any)) {
        self.lend(
            |inner| &mut inner.answer,
            |answer| {
                if let Some(Ok(output)) = answer {
                    see(output);
                }
            },
        );
    }

    fn set_output(&self, output: &mut dyn Any) -> bool {
        let output = output
            .downcast_mut::<Option<C::Output>>()
            .and_then(Option::take);
        let fits = output.is_some();
        if let Some(output) = output {
            self.lock().answer = Some(Ok(output));
        }
        fits
    }

    fn with_error(&self, see: &mut dyn FnMut(&mut dyn Any)) {
        self.lend(
            |inner| &mut inner.answer,
            |answer| {
                if let Some(Err(error)) = answer {
                    see(error);
                }
            },
        );
    }

    fn set_error(&self, error: &mut dyn Any) -> bool {
        let error = error
            .downcast_mut::<Option<Error<C::Error>>>()
            .and_then(Option::take);
        let fits = error.is_some();
        if let Some(error) = error {
            self.lock().answer = Some(Err(error));
        }
        fits
    }

    fn reject(&self, reason: Error<BoxError>) {
        let command = C::DESCRIPTOR;
        let reason = match reason {
            Error::Handler(reason) => Error::Rejected { command, reason },
            other => other.map_handler(|_| unreachable!("matched above")),
        };
        self.lock().answer = Some(Err(reason));
    }

    fn outcome(&self) -> Option<Result<(), Failure>> {
        self.lock().answer.as_ref().map(|answer| match answer {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure {
                kind: error.kind(),
                retry_after: error.retry_after(),
            }),
        })
    }

    fn reason(&self) -> Option<String> {
        let mut reason = None;
        self.lend(
            |inner| &mut inner.answer,
            |answer| {
                if let Some(Err(error)) = answer {
                    reason = Some(in_words(error));
                }
            },
        );
        reason
    }
}

pin_project! {
    /// The inner end of the middleware: calls the handler, as often as it is asked to.
    pub(super) struct End<'s, C: Command, M, F> {
        slot: &'s Slot<C>,
        make: M,
        #[pin]
        running: Option<F>,
    }
}

impl<'s, C, M, F> End<'s, C, M, F>
where
    C: Command,
    M: Fn(C, Context) -> F,
    F: Future<Output = Answer<C>>,
{
    pub(super) fn new(slot: &'s Slot<C>, make: M) -> Self {
        Self {
            slot,
            make,
            running: None,
        }
    }
}

/// An [`End`] whose command's type is not known.
pub(super) trait AnyEnd: Send {
    fn poll_end(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Verdict>;
    /// Drops a handler that has not finished.
    fn stop(self: Pin<&mut Self>);
}

impl<C, M, F> AnyEnd for End<'_, C, M, F>
where
    C: Command,
    M: Fn(C, Context) -> F + Send,
    F: Future<Output = Answer<C>> + Send,
{
    fn poll_end(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Verdict> {
        let mut this = self.project();
        if this.running.is_none() {
            let mut inner = this.slot.lock();
            let context = inner.context.clone();
            let command = inner.command.take();
            drop(inner);
            let command = command.expect("each `Next` runs once, and `again` put the command back");
            this.running.set(Some((this.make)(command, context)));
        }
        let running = this.running.as_mut().as_pin_mut().expect("set above");
        let answer = ready!(running.poll(task));
        this.running.set(None);
        let verdict = Verdict::of(&answer);
        this.slot.lock().answer = Some(answer);
        Poll::Ready(verdict)
    }

    fn stop(self: Pin<&mut Self>) {
        self.project().running.set(None);
    }
}
