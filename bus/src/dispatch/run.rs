//! From `bus::dispatch` to the route: straight where nothing can tell, else with a context.
#![expect(
    clippy::manual_async_fn,
    reason = "an `async fn` moves its arguments once more than an async block in a function"
)]
use super::call::Verdict;
use super::chain::{Foreign, Stack};
use super::cold::Cold;
use super::current::{self, within};
use super::end::End;
use super::policy::before;
use super::slot::Slot;
use crate::command::{Answer, Command, Context, Error};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use tokio::time::Instant;

/// What can be given to `bus::dispatch`: a command, which runs here.
///
/// Implemented by the macros.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command [BUS003]",
    label = "not a command",
    note = "annotate the definition of `{Self}` with `#[bus::command]`; if it is a reference, give the command itself"
)]
pub trait Dispatch: Sized {
    /// What a dispatch gives: the output of a command.
    type Receipt;
    /// The error that the command declares.
    type Failure;
    /// Here, or by a store.
    #[doc(hidden)]
    type __Way: Way<Self, Receipt = Self::Receipt, Failure = Self::Failure>;

    /// Calls the handler behind the middleware and the policies that the declaration names.
    #[doc(hidden)]
    #[inline]
    fn __layered(self, cx: &Context) -> impl Future<Output = Answer<Self>> + Send
    where
        Self: Command,
    {
        self.__run(cx)
    }

    /// Goes through the middleware that the declaration names to the handler.
    #[doc(hidden)]
    fn __through<'a>(slot: &'a Slot<'a, Self>) -> impl Future<Output = Verdict> + Send + 'a
    where
        Self: Command,
    {
        slot.call()
    }

    /// Dispatches in the current context.
    #[doc(hidden)]
    #[inline]
    fn __dispatch(
        self,
    ) -> impl Future<Output = Result<Self::Receipt, Error<Self::Failure>>> + Send {
        Self::__Way::dispatch(self)
    }

    /// Dispatches in the context `cx`.
    #[doc(hidden)]
    #[inline]
    fn __dispatch_in(
        self,
        cx: Context,
    ) -> impl Future<Output = Result<Self::Receipt, Error<Self::Failure>>> + Send {
        Self::__Way::dispatch_in(self, cx)
    }
}

/// How a `D` is dispatched: named by generated code, as to name it costs the compiler a fraction of
/// what a function of each command's own does.
#[doc(hidden)]
pub trait Way<D> {
    type Receipt;
    type Failure;

    fn dispatch(
        command: D,
    ) -> impl Future<Output = Result<Self::Receipt, Error<Self::Failure>>> + Send;

    fn dispatch_in(
        command: D,
        cx: Context,
    ) -> impl Future<Output = Result<Self::Receipt, Error<Self::Failure>>> + Send;
}

/// The way of a command, which runs here.
#[doc(hidden)]
#[derive(Debug)]
pub enum Here {}

impl<C: Command + Dispatch> Way<C> for Here {
    type Receipt = C::Output;
    type Failure = C::Error;

    #[inline]
    fn dispatch(command: C) -> impl Future<Output = Answer<C>> + Send {
        run(command)
    }

    #[inline]
    fn dispatch_in(command: C, cx: Context) -> impl Future<Output = Answer<C>> + Send {
        run_in(command, cx)
    }
}

/// Runs a command in the current context.
///
/// Which way it goes is decided here, not at the first poll: the compiler then sees one
/// way only and leaves the handler's code in the caller. Nobody can tell, as every context
/// or bus that the future could be polled under is noticed when it is made.
#[inline]
pub fn run<C: Command + Dispatch>(command: C) -> impl Future<Output = Answer<C>> + Send {
    if current::plain() {
        Run::<C, _>::Straight {
            handler: command.__layered(Context::plain()),
        }
    } else {
        Run::<C, _>::InContext {
            handler: run_in_current(command),
        }
    }
}

pin_project! {
    /// A command that runs, with or without a context.
    #[project = Running]
    enum Run<C: Command, F> {
        Straight { #[pin] handler: F },
        InContext { handler: Cold<InCurrent<C>> },
    }
}

impl<C: Command, F: Future<Output = Answer<C>>> Future for Run<C, F> {
    type Output = Answer<C>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Answer<C>> {
        match self.project() {
            Running::Straight { handler } => handler.poll(task),
            Running::InContext { handler } => {
                let mut handler = handler.get_mut();
                handler.as_mut().poll(task);
                handler
                    .project()
                    .answer
                    .take()
                    .map_or(Poll::Pending, Poll::Ready)
            }
        }
    }
}

pin_project! {
    /// A dispatch with a context. Apart, boxed, and with its answer in the box, so that the
    /// straight way stays small enough to be compiled into its caller, answer in registers.
    struct InContext<C: Command, F: ?Sized> {
        answer: Option<Answer<C>>,
        #[pin]
        handler: F,
    }
}

type InCurrent<C> = InContext<C, dyn Future<Output = Answer<C>> + Send>;

impl<C: Command> InCurrent<C> {
    #[cold]
    #[inline(never)]
    fn poll(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) {
        let this = self.project();
        if let Poll::Ready(answer) = this.handler.poll(task) {
            *this.answer = Some(answer);
        }
    }
}

#[cold]
#[inline(never)]
fn run_in_current<C: Command + Dispatch>(command: C) -> Cold<InCurrent<C>> {
    Cold::new(Box::pin(InContext {
        answer: None,
        handler: async move {
            let cx = match current::only_middleware() {
                true => Context::plain().clone(),
                false => current::next(),
            };
            run_in(command, cx).await
        },
    }))
}

/// Runs a command in the context `cx`, which is the current one meanwhile: also of the
/// middleware, so that what they dispatch is caused by this.
#[inline]
pub fn run_in<C: Command + Dispatch>(
    command: C,
    cx: Context,
) -> impl Future<Output = Answer<C>> + Send {
    async move {
        match (cx.deadline(), cx.around::<Stack>()) {
            (None, None) => within(&cx, command.__layered(&cx)).await,
            // As `behind` does, but in place.
            (None, Some(stack)) => {
                let slot = Slot::new(command, &cx);
                {
                    let end = pin!(End::new(&slot, || C::__through(&slot)));
                    let tail = Foreign::new(end);
                    // The verdict is in the slot, with the answer.
                    let _ = within(&cx, stack.through(&slot, &tail)).await;
                }
                slot.into_answer()
            }
            // Boxed: most dispatches need not hold what a timer does.
            (Some(deadline), stack) => Box::pin(in_time(deadline, stack, command, &cx)).await,
        }
    }
}

/// Runs a command until the deadline of its context.
async fn in_time<C: Command + Dispatch>(
    deadline: Instant,
    stack: Option<&Stack>,
    command: C,
    cx: &Context,
) -> Answer<C> {
    let work = async {
        match stack {
            None => within(cx, command.__layered(cx)).await,
            Some(stack) => behind(stack, command, cx).await,
        }
    };
    before(deadline, C::DESCRIPTOR, work).await
}

/// Runs a command behind the middleware of the bus, then its own.
fn behind<C: Command + Dispatch>(
    stack: &Stack,
    command: C,
    cx: &Context,
) -> impl Future<Output = Answer<C>> + Send {
    async move {
        let slot = Slot::new(command, cx);
        {
            let end = pin!(End::new(&slot, || C::__through(&slot)));
            let tail = Foreign::new(end);
            // The verdict is in the slot, with the answer.
            let _ = within(cx, stack.through(&slot, &tail)).await;
        }
        slot.into_answer()
    }
}

/// Runs a command behind its own middleware.
pub fn layered<C: Command + Dispatch>(
    command: C,
    cx: &Context,
) -> impl Future<Output = Answer<C>> + Send {
    async move {
        let slot = Slot::new(command, cx);
        // The verdict is in the slot, with the answer.
        let _ = C::__through(&slot).await;
        slot.into_answer()
    }
}
