//! From `bus::dispatch` to the route: straight where nothing can tell, else with a context.
use super::call::Verdict;
use super::cold::Cold;
use super::current::{self, within};
use super::middleware::{BoxVerdict, Stack, through};
use super::policy::before;
use super::slot::Slot;
use crate::command::{Answer, Command, Context, Error};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

/// What can be given to `bus::dispatch`: a command, which runs here.
///
/// Implemented by the macros.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command [BUS003]",
    label = "not a command",
    note = "annotate the definition of `{Self}` with `#[bus::command]`"
)]
pub trait Dispatch: Sized + Send {
    /// What a dispatch gives: the output of a command.
    type Receipt;
    /// The error that the command declares.
    type Failure;

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
    fn __through<'a>(slot: &'a Slot<Self>) -> impl Future<Output = Verdict> + Send + 'a
    where
        Self: Command,
    {
        slot.call()
    }

    /// Dispatches in the current context.
    #[doc(hidden)]
    fn __dispatch(self)
    -> impl Future<Output = Result<Self::Receipt, Error<Self::Failure>>> + Send;

    /// Dispatches in the context `cx`.
    #[doc(hidden)]
    fn __dispatch_in(
        self,
        cx: Context,
    ) -> impl Future<Output = Result<Self::Receipt, Error<Self::Failure>>> + Send;
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
    /// The two ways of a dispatch.
    #[project = Way]
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
            Way::Straight { handler } => handler.poll(task),
            Way::InContext { handler } => {
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
        handler: async move { run_in(command, current::next()).await },
    }))
}

/// Runs a command in the context `cx`.
pub async fn run_in<C: Command + Dispatch>(command: C, cx: Context) -> Answer<C> {
    if cx.deadline().is_some() || cx.state::<Stack>().is_some() {
        // Boxed: most dispatches need not hold what these do.
        return Box::pin(guarded(command, cx)).await;
    }
    let inside = cx.clone();
    within(Some(inside), command.__layered(&cx)).await
}

/// Runs a command behind the middleware of the bus, until the deadline of its context.
async fn guarded<C: Command + Dispatch>(command: C, cx: Context) -> Answer<C> {
    let deadline = cx.deadline();
    let work = async {
        let inside = cx.clone();
        match cx.state_arc::<Stack>() {
            Some(stack) => within(Some(inside), behind(stack, command, cx)).await,
            None => within(Some(inside), command.__layered(&cx)).await,
        }
    };
    match deadline {
        None => work.await,
        Some(deadline) => before(deadline, C::DESCRIPTOR, work).await,
    }
}

/// Runs a command behind the middleware of the bus, then its own.
///
/// The middleware themselves work in the context too: what they dispatch is caused by this.
async fn behind<C: Command + Dispatch>(stack: Arc<Stack>, command: C, cx: Context) -> Answer<C> {
    let slot = Slot::new(command, Some(cx));
    {
        let tail = || -> BoxVerdict<'_> { Box::pin(C::__through(&slot)) };
        // The verdict is in the slot, with the answer.
        let _ = through(&slot, stack.as_slice(), &tail).await;
    }
    slot.into_answer()
}

/// Runs a command behind its own middleware.
pub async fn layered<C: Command + Dispatch>(command: C, cx: &Context) -> Answer<C> {
    let context = (!cx.id().is_nil()).then(|| cx.clone());
    let slot = Slot::new(command, context);
    // The verdict is in the slot, with the answer.
    let _ = C::__through(&slot).await;
    slot.into_answer()
}
