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
use spin::{Mutex, MutexGuard};
use std::any::Any;
use std::fmt;

/// The typed state of one dispatch behind middleware.
pub struct Slot<'s, C: Command> {
    /// The context that the dispatch has; the plain one is no one's, where no context can be
    /// told from another.
    context: &'s Context,
    inner: Mutex<Inner<C>>,
}

struct Inner<C: Command> {
    command: Option<C>,
    answer: Option<Answer<C>>,
    /// Boxed, as most dispatches have none.
    more: Option<Box<More<C>>>,
}

/// What not every dispatch has.
struct More<C> {
    /// The handler's context, where it is other than the dispatch's: a middleware changed it,
    /// or asked for one where there was none.
    context: Option<Context>,
    /// What [`Next::again`](super::Next::again) kept, outermost first.
    saved: Vec<(C, Option<Context>)>,
}

impl<C: Command> Inner<C> {
    fn more(&mut self) -> &mut More<C> {
        self.more.get_or_insert_with(|| {
            Box::new(More {
                context: None,
                saved: Vec::new(),
            })
        })
    }

    /// The handler's context, where it is other than the dispatch's.
    fn changed(&self) -> Option<&Context> {
        self.more.as_deref()?.context.as_ref()
    }
}

impl<C: Command> fmt::Debug for Slot<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slot").field(&C::DESCRIPTOR.name).finish()
    }
}

impl<'s, C: Command> Slot<'s, C> {
    #[inline]
    pub(super) fn new(command: C, context: &'s Context) -> Self {
        Self {
            context,
            inner: Mutex::new(Inner {
                command: Some(command),
                answer: None,
                more: None,
            }),
        }
    }

    /// A lock that spins: it is held for a few instructions, by one task but for a middleware
    /// that looks from several threads at once. No code of the user's runs under it, `Clone` of
    /// a command apart: what a panic left is still the truth.
    #[inline]
    fn lock(&self) -> MutexGuard<'_, Inner<C>> {
        self.inner.lock()
    }

    /// Calls the handler and keeps its answer.
    pub(super) async fn call(&self) -> Verdict {
        let (command, changed) = self.take();
        let answer = match changed {
            None => command.__run(self.context).await,
            // Boxed, so that the way without a change stays small.
            Some(cx) => Box::pin(Self::call_in(command, cx)).await,
        };
        let verdict = Verdict::of(&answer);
        self.lock().answer = Some(answer);
        verdict
    }

    /// Calls the handler in a context that is not the current one.
    async fn call_in(command: C, cx: Context) -> Answer<C> {
        let work = within(&cx, command.__run(&cx));
        match cx.deadline() {
            None => work.await,
            // A middleware may have set it: nobody else watches it.
            Some(deadline) => before(deadline, C::DESCRIPTOR, work).await,
        }
    }

    /// What the handler is called with: the command, and its context where it is other than
    /// the dispatch's.
    #[inline]
    fn take(&self) -> (C, Option<Context>) {
        let mut inner = self.lock();
        let changed = inner.changed().cloned();
        let command = inner.command.take();
        drop(inner);
        let command = command.expect("each `Next` runs once, and `again` put the command back");
        (command, changed)
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
        let inner = self.inner.into_inner();
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
    slot: &'s Slot<'s, C>,
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
    /// Asks what decides before the handler, as far as the command has a policy function; if
    /// that refuses, the refusal is the answer and this is false.
    fn admit(&self) -> bool;
    /// Shows the command, if no run has taken it.
    fn with_command(&self, see: &mut dyn FnMut(&mut dyn Any));
    /// Keeps a copy of the command and the context for later runs and tells where; nothing
    /// if the command can't be copied.
    fn save(&self) -> Option<u32>;
    /// Puts back what [`save`](Self::save) kept there, for the last time or once more.
    fn restore(&self, at: u32, last: bool);
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

impl<C: Command> AnySlot for Slot<'_, C> {
    fn descriptor(&self) -> &'static Descriptor {
        C::DESCRIPTOR
    }

    fn context(&self) -> Context {
        let mut inner = self.lock();
        match inner.changed() {
            Some(changed) => changed.clone(),
            None if !self.context.is_plain() => self.context.clone(),
            None => {
                // From here on it can be told from others: the handler must have it as its own.
                context_made();
                inner.more().context.insert(next()).clone()
            }
        }
    }

    fn update_context(&self, change: &mut dyn FnMut(Context) -> Context) {
        let changed = change(self.context());
        self.lock().more().context = Some(changed);
    }

    fn admit(&self) -> bool {
        let cx = self.context();
        // Who asks for a job was authorized before it was stored.
        if cx.__restored() {
            return true;
        }
        let mut refused = None;
        self.lend(
            |inner| &mut inner.command,
            |command| {
                if let Some(command) = command {
                    refused = command.__check(&cx).err();
                }
            },
        );
        let is_admitted = refused.is_none();
        if let Some(error) = refused {
            self.lock().answer = Some(Err(error));
        }
        is_admitted
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

    fn save(&self) -> Option<u32> {
        let mut inner = self.lock();
        let copy = C::__CLONE?(inner.command.as_ref()?);
        let more = inner.more();
        let context = more.context.clone();
        let at = u32::try_from(more.saved.len()).ok()?;
        more.saved.push((copy, context));
        Some(at)
    }

    fn restore(&self, at: u32, last: bool) {
        let mut inner = self.lock();
        let more = inner.more();
        // What a middleware further in kept and never used ends here.
        more.saved.truncate(at as usize + 1);
        let kept = match (C::__CLONE, more.saved.last()) {
            (Some(copy), Some((command, context))) if !last => {
                Some((copy(command), context.clone()))
            }
            _ => more.saved.pop(),
        };
        let (command, context) = kept.unzip();
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
