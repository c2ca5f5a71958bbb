//! The bus as a `tower::Service` of every command.
use super::bus::Bus;
use crate::command::Error;
use crate::dispatch::Dispatch;
use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use tower_service::Service;

/// For a bus behind tower's own middleware, or where a service is asked for. Always ready;
/// to limit what goes through, put a layer around it or a middleware into it.
///
/// ```standalone_crate
/// use bus::prelude::*;
/// use tower::{Service, ServiceExt};
///
/// #[command(output = u32)]
/// struct Double(u32);
///
/// #[handler]
/// fn double(cmd: Double) -> u32 {
///     cmd.0 * 2
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut bus = Bus::builder().build().await?;
/// let service = ServiceExt::<Double>::ready(&mut bus).await?;
/// assert_eq!(service.call(Double(21)).await?, 42);
/// # Ok(()) }
/// ```
impl<D> Service<D> for Bus
where
    D: Dispatch + 'static,
{
    type Response = D::Receipt;
    type Error = Error<D::Failure>;
    type Future = Pin<Box<dyn Future<Output = Result<D::Receipt, Error<D::Failure>>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, command: D) -> Self::Future {
        Box::pin(command.__dispatch_in(self.child()))
    }
}
