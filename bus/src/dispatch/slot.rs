//! Where a dispatch behind middleware keeps its typed command and answer.
//!
//! The middleware see the slot through `dyn AnySlot`, so that only they are boxed: the
//! handler's future, the command and the answer stay typed on the dispatch's own future.
use super::call::Verdict;
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
    /// Whether the next run must leave a copy of the command for another.
    keep: bool,
}

impl<C: Command> Slot<C> {
    pub(super) fn new(command: C, context: Context) -> Self {
        Self(Mutex::new(Inner {
            command: Some(command),
            context,
            answer: None,
            keep: false,
        }))
    }

    /// Nothing here panics while it holds the lock, except a closure of a middleware:
    /// what it left is still the truth.
    fn lock(&self) -> MutexGuard<'_, Inner<C>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn into_answer(self) -> Answer<C> {
        let inner = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        inner
            .answer
            .expect("a verdict is made only where an answer is stored")
    }
}

/// A slot whose command's type is not known.
pub(super) trait AnySlot: Send + Sync {
    fn descriptor(&self) -> &'static Descriptor;
    fn context(&self) -> Context;
    fn update_context(&self, change: &mut dyn FnMut(Context) -> Context);
    /// Shows the command, if no run has taken it.
    fn with_command(&self, see: &mut dyn FnMut(&mut dyn Any));
    /// Asks that the next run leave the command for another; false if it can't be copied.
    fn keep_command(&self) -> bool;
    /// Shows the output, if there is one.
    fn with_output(&self, see: &mut dyn FnMut(&mut dyn Any));
    /// Takes an `Option<C::Output>` as the answer; false if it is of another type.
    fn set_output(&self, output: &mut dyn Any) -> bool;
    /// Shows the `Error<C::Error>`, if the answer is one.
    fn with_error(&self, see: &mut dyn FnMut(&mut dyn Any, super::call::Failure));
    /// Takes an `Option<Error<C::Error>>` as the answer; false if it is of another type.
    fn set_error(&self, error: &mut dyn Any) -> bool;
    /// Takes a reason that any command can have as the answer.
    fn reject(&self, reason: Error<BoxError>);
}

impl<C: Command> AnySlot for Slot<C> {
    fn descriptor(&self) -> &'static Descriptor {
        C::DESCRIPTOR
    }

    fn context(&self) -> Context {
        self.lock().context.clone()
    }

    fn update_context(&self, change: &mut dyn FnMut(Context) -> Context) {
        let mut inner = self.lock();
        let changed = change(inner.context.clone());
        inner.context = changed;
    }

    fn with_command(&self, see: &mut dyn FnMut(&mut dyn Any)) {
        if let Some(command) = &mut self.lock().command {
            see(command);
        }
    }

    fn keep_command(&self) -> bool {
        let can = C::__CLONE.is_some();
        self.lock().keep = can;
        can
    }

    fn with_output(&self, see: &mut dyn FnMut(&mut dyn Any)) {
        if let Some(Ok(output)) = &mut self.lock().answer {
            see(output);
        }
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

    fn with_error(&self, see: &mut dyn FnMut(&mut dyn Any, super::call::Failure)) {
        if let Some(Err(error)) = &mut self.lock().answer {
            let failure = super::call::Failure {
                kind: error.kind(),
                retry_after: error.retry_after(),
            };
            see(error, failure);
        }
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
            let command = match C::__CLONE.filter(|_| inner.keep) {
                Some(clone) => inner.command.as_ref().map(clone),
                None => inner.command.take(),
            };
            inner.keep = false;
            let context = inner.context.clone();
            drop(inner);
            let command = command.expect("`Next` runs once, or keeps the command for another run");
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
