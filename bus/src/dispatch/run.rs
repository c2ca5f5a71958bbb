//! From `bus::dispatch` to the route: straight where nothing can tell, else with a context.
use super::current;
use super::middleware::{Layer, Next, Stack};
use super::slot::{End, Slot};
use crate::command::{Answer, Command, Context, Error};
use std::future::Future;
use std::pin::pin;

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
#[inline]
pub async fn run<C: Command + Dispatch>(command: C) -> Answer<C> {
    if current::plain() && C::__middleware().is_empty() {
        command.__run(Context::plain()).await
    } else {
        run_in(command, current::next()).await
    }
}

/// Runs a command in the context `cx`.
pub async fn run_in<C: Command + Dispatch>(command: C, cx: Context) -> Answer<C> {
    let global = cx.state_arc::<Stack>();
    let global = global.as_deref().map_or(&[][..], Stack::as_slice);
    let work = async {
        if global.is_empty() && C::__middleware().is_empty() {
            cx.clone().scope(command.__run(&cx)).await
        } else {
            layered(command, &cx, global).await
        }
    };
    match cx.deadline() {
        None => work.await,
        Some(deadline) => super::policy::before(deadline, C::DESCRIPTOR, work).await,
    }
}

/// Runs a command behind the middleware of the bus, then its own.
///
/// The middleware themselves work in the context too: what they dispatch is caused by this.
async fn layered<C: Command + Dispatch>(command: C, cx: &Context, global: &[Layer]) -> Answer<C> {
    let slot = Slot::new(command, cx.clone());
    {
        let outer = cx.deadline();
        let end = pin!(End::new(&slot, |command: C, cx: Context| async move {
            let work = cx.clone().scope(command.__run(&cx));
            match cx.deadline().filter(|_| cx.deadline() != outer) {
                // A middleware has set it: nobody else watches it.
                Some(deadline) => super::policy::before(deadline, C::DESCRIPTOR, work).await,
                None => work.await,
            }
        }));
        // The verdict is in the slot, with the answer.
        let next = Next::new(&slot, global, C::__middleware(), end);
        let _ = cx.clone().scope(async { next.run().await }).await;
    }
    slot.into_answer()
}
