//! From `bus::dispatch` to the route: straight where nothing can tell, else with a context.
use super::cold::Cold;
use super::current;
use super::middleware::{Layer, Next, Stack};
use super::slot::{End, Slot};
use crate::command::{Answer, Command, Context, Error};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::{Pin, pin};
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

    /// The middleware that the declaration names, outermost first.
    #[doc(hidden)]
    #[inline]
    fn __middleware() -> &'static [Layer] {
        &[]
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
    if current::plain() && C::__middleware().is_empty() {
        Run::<C, _>::Straight {
            handler: command.__run(Context::plain()),
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
        InContext { handler: Cold<InContext<C>> },
    }
}

impl<C: Command, F: Future<Output = Answer<C>>> Future for Run<C, F> {
    type Output = Answer<C>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Answer<C>> {
        match self.project() {
            Way::Straight { handler } => handler.poll(task),
            Way::InContext { handler } => {
                let handler = handler.get_mut();
                handler.poll(task);
                handler.answer.take().map_or(Poll::Pending, Poll::Ready)
            }
        }
    }
}

/// A dispatch with a context. Apart, boxed, and with its answer in the box, so that the
/// straight way stays small enough to be compiled into its caller, answer in registers.
struct InContext<C: Command> {
    handler: Pin<Box<dyn Future<Output = Answer<C>> + Send>>,
    answer: Option<Answer<C>>,
}

impl<C: Command> InContext<C> {
    #[cold]
    #[inline(never)]
    fn poll(&mut self, task: &mut std::task::Context<'_>) {
        if let Poll::Ready(answer) = self.handler.as_mut().poll(task) {
            self.answer = Some(answer);
        }
    }
}

#[cold]
#[inline(never)]
fn run_in_current<C: Command + Dispatch>(command: C) -> Cold<InContext<C>> {
    Cold::new(InContext {
        handler: Box::pin(async move { run_in(command, current::next()).await }),
        answer: None,
    })
}

/// Runs a command in the context `cx`.
pub async fn run_in<C: Command + Dispatch>(command: C, cx: Context) -> Answer<C> {
    let layers = !C::__middleware().is_empty() || cx.state::<Stack>().is_some();
    if layers || cx.deadline().is_some() {
        return guarded(command, cx, run_scoped).await;
    }
    run_scoped(command, cx).await
}

/// The same, with `handle` in the place of the command's own policies and handler: it runs
/// in the scope of the context it is given.
pub(crate) async fn run_with<C, F>(
    command: C,
    cx: Context,
    handle: impl Fn(C, Context) -> F + Send + Sync,
) -> Answer<C>
where
    C: Command + Dispatch,
    F: Future<Output = Answer<C>> + Send,
{
    let layers = !C::__middleware().is_empty() || cx.state::<Stack>().is_some();
    if layers || cx.deadline().is_some() {
        return guarded(command, cx, handle).await;
    }
    handle(command, cx).await
}

async fn run_scoped<C: Command>(command: C, cx: Context) -> Answer<C> {
    cx.clone().scope(command.__run(&cx)).await
}

/// Runs a command behind middleware, until the deadline of its context.
async fn guarded<C, F>(
    command: C,
    cx: Context,
    handle: impl Fn(C, Context) -> F + Send + Sync,
) -> Answer<C>
where
    C: Command + Dispatch,
    F: Future<Output = Answer<C>> + Send,
{
    let deadline = cx.deadline();
    let work = layered(command, cx, handle);
    match deadline {
        None => work.await,
        Some(deadline) => super::policy::before(deadline, C::DESCRIPTOR, work).await,
    }
}

/// Runs a command behind the middleware of the bus, then its own.
///
/// The middleware themselves work in the context too: what they dispatch is caused by this.
async fn layered<C, F>(
    command: C,
    cx: Context,
    handle: impl Fn(C, Context) -> F + Send + Sync,
) -> Answer<C>
where
    C: Command + Dispatch,
    F: Future<Output = Answer<C>> + Send,
{
    let stack = cx.state_arc::<Stack>();
    let global = stack.as_deref().map_or(&[][..], Stack::as_slice);
    let slot = Slot::new(command, cx.clone());
    {
        let outer = cx.deadline();
        let handle = &handle;
        let end = pin!(End::new(&slot, |command: C, cx: Context| async move {
            let deadline = cx.deadline();
            let work = handle(command, cx);
            match deadline.filter(|_| deadline != outer) {
                // A middleware has set it: nobody else watches it.
                Some(deadline) => super::policy::before(deadline, C::DESCRIPTOR, work).await,
                None => work.await,
            }
        }));
        // The verdict is in the slot, with the answer.
        let next = Next::new(&slot, global, C::__middleware(), end);
        let _ = cx.scope(async { next.run().await }).await;
    }
    slot.into_answer()
}
