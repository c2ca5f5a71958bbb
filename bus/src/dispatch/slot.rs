//! Where a dispatch behind middleware keeps its typed command and answer.
//!
//! The middleware see the slot through `dyn AnySlot`, so that only they are boxed: the
//! handler's future, the command and the answer stay typed on the dispatch's own future.
use super::call::{Failure, Verdict};
use super::current::{context_made, next, within};
use super::policy::before;
use super::words::in_words;
use crate::command::{Answer, Command, Context, Descriptor, Error};
use crate::error::BoxError;
use pin_project_lite::pin_project;
use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, ready};

/// The typed state of one dispatch behind middleware.
pub struct Slot<C: Command>(Mutex<Inner<C>>);

struct Inner<C: Command> {
    command: Option<C>,
    /// Nothing, until somebody asks, where no context can be told from another.
    context: Option<Context>,
    /// Whether a middleware changed the context, so that the handler's is not the current one.
    changed: bool,
    answer: Option<Answer<C>>,
    /// What [`Next::again`](super::Next::again) kept, outermost first.
    saved: Vec<(C, Option<Context>)>,
}

impl<C: Command> fmt::Debug for Slot<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slot").field(&C::DESCRIPTOR.name).finish()
    }
}

impl<C: Command> Slot<C> {
    pub(super) fn new(command: C, context: Option<Context>) -> Self {
        Self(Mutex::new(Inner {
            command: Some(command),
            context,
            changed: false,
            answer: None,
            saved: Vec::new(),
        }))
    }

    /// No code of the user's runs under this lock, `Clone` of a command apart: what a panic
    /// left is still the truth.
    fn lock(&self) -> MutexGuard<'_, Inner<C>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the handler is called with, and whether the context is other than the current one.
    fn take(&self) -> (C, Option<Context>, bool) {
        let mut inner = self.lock();
        let (context, changed) = (inner.context.clone(), inner.changed);
        let command = inner.command.take();
        drop(inner);
        let command = command.expect("each `Next` runs once, and `again` put the command back");
        (command, context, changed)
    }

    /// Calls the handler and keeps its answer.
    pub(super) async fn call(&self) -> Verdict {
        let (command, context, changed) = self.take();
        let cx = context.as_ref().unwrap_or(Context::plain());
        let work = within(context.clone().filter(|_| changed), command.__run(cx));
        let answer = match cx.deadline().filter(|_| changed) {
            None => work.await,
            // A middleware may have set it: nobody else watches it. Boxed, as it is rare.
            Some(deadline) => Box::pin(before(deadline, C::DESCRIPTOR, work)).await,
        };
        let verdict = Verdict::of(&answer);
        self.lock().answer = Some(answer);
        verdict
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
        let mut inner = self.lock();
        if let Some(context) = &inner.context {
            return context.clone();
        }
        // From here on it can be told from others: the handler must have it as its own.
        context_made();
        inner.changed = true;
        inner.context.insert(next()).clone()
    }

    fn update_context(&self, change: &mut dyn FnMut(Context) -> Context) {
        let changed = change(self.context());
        let mut inner = self.lock();
        inner.context = Some(changed);
        inner.changed = true;
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
        let kept = match (C::__CLONE, inner.saved.last()) {
            (Some(copy), Some((command, context))) if !last => {
                Some((copy(command), context.clone()))
            }
            _ => inner.saved.pop(),
        };
        let (command, context) = kept.unzip();
        inner.command = command;
        inner.changed |= inner.context.is_some();
        inner.context = context.flatten();
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
    /// The rest of the way behind a middleware: `make` begins it, as often as it is asked to.
    pub(super) struct End<M, F> {
        make: M,
        #[pin]
        running: Option<F>,
    }
}

impl<M, F> End<M, F>
where
    M: Fn() -> F,
    F: Future<Output = Verdict>,
{
    pub(super) fn new(make: M) -> Self {
        Self {
            make,
            running: None,
        }
    }
}

/// An [`End`] whose types are not known.
pub(super) trait AnyEnd: Send {
    fn poll_end(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Verdict>;
    /// Drops what has not finished.
    fn stop(self: Pin<&mut Self>);
}

impl<M, F> AnyEnd for End<M, F>
where
    M: Fn() -> F + Send,
    F: Future<Output = Verdict> + Send,
{
    fn poll_end(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Verdict> {
        let mut this = self.project();
        if this.running.is_none() {
            this.running.set(Some((this.make)()));
        }
        let running = this.running.as_mut().as_pin_mut().expect("set above");
        let verdict = ready!(running.poll(task));
        this.running.set(None);
        Poll::Ready(verdict)
    }

    fn stop(self: Pin<&mut Self>) {
        self.project().running.set(None);
    }
}
