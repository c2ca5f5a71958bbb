//! What a `tower::Layer` is put around: the ticket of a dispatch and the service that runs it.
use super::super::call::Failure;
use crate::command::{Context, Descriptor};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use tokio::sync::{mpsc, oneshot};
use tower_service::Service;

/// The request that a tower service sees: it names a dispatch. The command itself stays with
/// the dispatch.
///
/// A clone names the same dispatch: a service may call further in more than once (a retry),
/// if the command is `Clone`.
#[derive(Clone)]
pub struct Ticket {
    command: &'static Descriptor,
    context: Context,
    orders: mpsc::UnboundedSender<Order>,
}

/// That the innermost service was called: the dispatch shall run and reply.
pub(super) struct Order {
    pub(super) reply: oneshot::Sender<Reply>,
    /// Whether the service kept a clone of the ticket, so that it may call again.
    pub(super) ticket: Ticket,
}

impl Ticket {
    pub(super) fn new(
        command: &'static Descriptor,
        context: Context,
        orders: mpsc::UnboundedSender<Order>,
    ) -> Self {
        Self {
            command,
            context,
            orders,
        }
    }

    /// The facts of the command.
    pub fn descriptor(&self) -> &'static Descriptor {
        self.command
    }

    /// The context of the dispatch.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Whether nobody else can call with this ticket any more.
    pub(super) fn is_last(&self) -> bool {
        self.orders.strong_count() == 1
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ticket").field(&self.command.name).finish()
    }
}

/// The response that a tower service sees: whether the dispatch succeeded. Its answer stays
/// with the dispatch.
///
/// A handler that fails is a response too; an error of a service is its own refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply(pub(super) Option<Failure>);

impl Reply {
    /// Whether the dispatch succeeded.
    pub fn is_ok(&self) -> bool {
        self.0.is_none()
    }

    /// Why the dispatch failed, if it did.
    pub fn failure(&self) -> Option<Failure> {
        self.0
    }
}

/// The dispatch of a ticket has ended or can't be run again: it was dropped, or its command
/// is not `Clone`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the dispatch has ended or can't be run again")]
pub struct Gone;

/// The innermost service: runs the dispatch that a ticket names, in the task of that dispatch.
///
/// Always ready. Dropping its future stops the run.
#[derive(Clone, Copy, Debug)]
pub struct Inner(());

impl Inner {
    pub(super) fn new() -> Self {
        Self(())
    }
}

impl Service<Ticket> for Inner {
    type Response = Reply;
    type Error = Gone;
    type Future = Pending;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Gone>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, ticket: Ticket) -> Pending {
        let (reply, pending) = oneshot::channel();
        let orders = ticket.orders.clone();
        // A dispatch that has ended drops the order, and the reply with it: `Gone`.
        let _ = orders.send(Order { reply, ticket });
        Pending(pending)
    }
}

/// The run of a dispatch, as [`Inner`] waits for it.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Pending(oneshot::Receiver<Reply>);

impl Future for Pending {
    type Output = Result<Reply, Gone>;

    fn poll(mut self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(task)
            .map(|reply| reply.map_err(|_| Gone))
    }
}
