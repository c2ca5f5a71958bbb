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
use std::any::Any;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The typed state of one dispatch behind middleware.
pub struct Slot<C: Command>(Mutex<Inner<C>>);

struct Inner<C: Command> {
    command: Option<C>,
    answer: Option<Answer<C>>,
    /// Boxed, as most dispatches behind middleware that nothing else can tell apart have none.
    more: Option<Box<More<C>>>,
}

/// What not every dispatch has.
struct More<C> {
    /// Nothing, until somebody asks, where no context can be told from another.
    context: Option<Context>,
    /// Whether a middleware changed the context, so that the handler's is not the current one.
    changed: bool,
    /// What [`Next::again`](super::Next::again) kept, outermost first.
    saved: Vec<(C, Option<Context>)>,
}

impl<C> More<C> {
    fn with(context: Option<Context>) -> Box<Self> {
        Box::new(Self {
            context,
            changed: false,
            saved: Vec::new(),
        })
    }
}

impl<C: Command> Inner<C> {
    fn more(&mut self) -> &mut More<C> {
        self.more.get_or_insert_with(|| More::with(None))
    }
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
            answer: None,
            more: context.map(|cx| More::with(Some(cx))),
        }))
    }

    /// No code of the user's runs under this lock, `Clone` of a command apart: what a panic
    /// left is still the truth.
    fn lock(&self) -> MutexGuard<'_, Inner<C>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls the handler and keeps its answer.
    pub(super) async fn call(&self) -> Verdict {
        let (command, context) = self.take();
        let answer = match context {
            None => command.__run(Context::plain()).await,
            // Boxed, so that the way without a context stays small.
            Some((cx, changed)) => Box::pin(Self::call_in(command, cx, changed)).await,
        };
        let verdict = Verdict::of(&answer);
        self.lock().answer = Some(answer);
        verdict
    }

    /// Calls the handler in a context; `changed` if it is not the current one.
    async fn call_in(command: C, cx: Context, changed: bool) -> Answer<C> {
        let work = within(changed.then(|| cx.clone()), command.__run(&cx));
        match cx.deadline().filter(|_| changed) {
            None => work.await,
            // A middleware may have set it: nobody else watches it.
            Some(deadline) => before(deadline, C::DESCRIPTOR, work).await,
        }
    }

    /// What the handler is called with: the command, the context if there is one, and whether
    /// it is other than the current one.
    fn take(&self) -> (C, Option<(Context, bool)>) {
        let mut inner = self.lock();
        let context = inner
            .more
            .as_deref()
            .and_then(|more| Some((more.context.clone()?, more.changed)));
        let command = inner.command.take();
        drop(inner);
        let command = command.expect("each `Next` runs once, and `again` put the command back");
        (command, context)
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
pub trait AnySlot: Send + Sync {
    /// The facts of the command.
    fn descriptor(&self) -> &'static Descriptor;
    /// The context, which is made if nobody has asked for it before.
    fn context(&self) -> Context;
    /// Changes the context that the rest of the way gets.
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
        let more = inner.more();
        if let Some(context) = &more.context {
            return context.clone();
        }
        // From here on it can be told from others: the handler must have it as its own.
        context_made();
        more.changed = true;
        more.context.insert(next()).clone()
    }

    fn update_context(&self, change: &mut dyn FnMut(Context) -> Context) {
        let changed = change(self.context());
        let mut inner = self.lock();
        let more = inner.more();
        more.context = Some(changed);
        more.changed = true;
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
        let more = inner.more();
        let context = more.context.clone();
        more.saved.push((copy, context));
        Some(more.saved.len() - 1)
    }

    fn restore(&self, at: usize, last: bool) {
        let mut inner = self.lock();
        let more = inner.more();
        // What a middleware further in kept and never used ends here.
        more.saved.truncate(at + 1);
        let kept = match (C::__CLONE, more.saved.last()) {
            (Some(copy), Some((command, context))) if !last => {
                Some((copy(command), context.clone()))
            }
            _ => more.saved.pop(),
        };
        let (command, context) = kept.unzip();
        more.changed |= more.context.is_some();
        more.context = context.flatten();
        inner.command = command;
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
