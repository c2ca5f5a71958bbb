//! `tower(layer)`: any `tower::Layer` as a middleware.
use super::super::call::{Call, Verdict};
use super::super::middleware::Middleware;
use super::super::next::Next;
use super::tower_service::{Inner, Order, Reply, Ticket};
use crate::command::Error;
use crate::error::BoxError;
use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use tokio::sync::{Mutex, mpsc, oneshot};
use tower_layer::Layer;
use tower_service::Service;

/// Any `tower::Layer` as a middleware: a concurrency limit, load shedding, a buffer, …
///
/// The layer is put around one service, here and now; every dispatch that meets the
/// middleware goes through that one, as a [`Ticket`]. So a limit is one for all of them.
/// (`Buffer` spawns a task when it is made: make it inside a runtime.)
///
/// What a service refuses with becomes `Error::Rejected`, its error as the reason. A handler
/// that fails is no error to the service but a [`Reply`] that says so: a retry policy looks
/// at [`Reply::failure`], and retries only commands that are `Clone`.
///
/// A service that is not ready makes the dispatches behind it wait in the order of their
/// arrival; shed load where that should not be (`ServiceBuilder::new().load_shed()…`).
///
/// ```standalone_crate
/// use bus::{Error, prelude::*};
/// use tower::ServiceBuilder;
///
/// #[command(output = u32)]
/// struct Slow;
///
/// #[handler]
/// async fn slow(_: Slow) -> u32 {
///     tokio::task::yield_now().await;
///     7
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let one_at_a_time = ServiceBuilder::new().load_shed().concurrency_limit(1);
/// let bus = Bus::builder().middleware(bus::layers::tower(one_at_a_time)).build().await?;
/// let (first, second) = tokio::join!(bus.dispatch(Slow), bus.dispatch(Slow));
/// assert_eq!(first?, 7);
/// match second {
///     Err(Error::Rejected { reason, .. }) => assert!(reason.is::<tower::load_shed::error::Overloaded>()),
///     other => panic!("{other:?}"),
/// }
/// # Ok(()) }
/// ```
pub fn tower<L>(layer: L) -> Tower<L::Service>
where
    L: Layer<Inner>,
    L::Service: Service<Ticket, Response = Reply>,
{
    Tower {
        service: Mutex::new(layer.layer(Inner::new())),
    }
}

/// The middleware that [`tower()`] makes.
pub struct Tower<S> {
    /// Locked from `poll_ready` until `call`, which is one transaction with a service: what
    /// it reserves in the one it uses in the other. Not locked while the dispatch runs.
    service: Mutex<S>,
}

impl<S> Tower<S>
where
    S: Service<Ticket, Response = Reply, Error: Into<Box<dyn StdError + Send + Sync>>>,
{
    async fn call(&self, ticket: Ticket) -> Result<Reply, S::Error> {
        let mut service = self.service.lock().await;
        poll_fn(|task| service.poll_ready(task)).await?;
        let response = service.call(ticket);
        drop(service);
        response.await
    }
}

impl<S> Middleware for Tower<S>
where
    S: Service<Ticket, Response = Reply, Error: Into<Box<dyn StdError + Send + Sync>>>
        + Send
        + 'static,
    S::Future: Send,
    S::Error: Send,
{
    async fn handle(&self, call: Call<'_>, next: Next<'_>) -> Verdict {
        let (sender, orders) = mpsc::unbounded_channel();
        let ticket = Ticket::new(call.descriptor(), call.context(), sender);
        let response = tokio::select! {
            // The service decides: it may have seen enough before a run ends.
            biased;
            response = self.call(ticket) => response,
            never = serve(call, next, orders) => match never {},
        };
        match (response, call.outcome()) {
            (Ok(_), Some(Ok(()))) => Verdict::OK,
            (Ok(_), Some(Err(_))) => Verdict::FAILED,
            (Ok(_), None) => reject(call, "a tower service answered without calling further in"),
            (Err(error), _) => reject(call, error),
        }
    }
}

fn reject(call: Call<'_>, reason: impl Into<Box<dyn StdError + Send + Sync>>) -> Verdict {
    call.reject(Error::Rejected {
        command: call.descriptor(),
        reason: BoxError::new(reason),
    })
}

/// Runs the dispatch as often as the innermost service is called for it, one after the other.
async fn serve(
    call: Call<'_>,
    next: Next<'_>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) -> std::convert::Infallible {
    let mut next = Some(next);
    while let Some(Order { reply, ticket }) = orders.recv().await {
        // A copy of the command costs, and most services call once.
        let last = ticket.is_last();
        drop(ticket);
        if let Some(again) = next.as_mut().filter(|_| !last).and_then(Next::again) {
            run(call, again, reply).await;
        } else if let Some(next) = next.take() {
            run(call, next, reply).await;
        }
        // Else it has run and can't again: the dropped reply says so.
    }
    std::future::pending().await
}

async fn run(call: Call<'_>, next: Next<'_>, mut reply: oneshot::Sender<Reply>) {
    tokio::select! {
        biased;
        // The service has dropped the call, by a time-out of its own for example.
        () = reply.closed() => {}
        _ = next.run() => {
            // Nobody waits for it any more: then nobody misses it.
            let _ = reply.send(Reply(call.failure()));
            // The service sees this reply before another order is served.
            tokio::task::yield_now().await;
        }
    }
}

impl<S> fmt::Debug for Tower<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tower")
    }
}
