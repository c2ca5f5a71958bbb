//! A closure as a middleware.
use super::super::call::{Call, Verdict};
use super::super::middleware::Middleware;
use super::super::next::Next;
use std::future::Future;
use std::pin::Pin;

/// A closure as a middleware: for one that captures something.
///
/// A function `async fn(Call<'_>, Next<'_>) -> Verdict` is a middleware by itself and needs
/// no help. A closure is one too, but the compiler must be told of its lifetimes; this does
/// that and nothing else.
///
/// ```standalone_crate
/// use bus::prelude::*;
/// use std::sync::{Arc, atomic::{AtomicU32, Ordering}};
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
/// let seen = Arc::new(AtomicU32::new(0));
/// let counter = Arc::clone(&seen);
/// let count = bus::layers::from_fn(move |_call, next| {
///     counter.fetch_add(1, Ordering::Relaxed);
///     Box::pin(next.run())
/// });
/// let bus = Bus::builder().middleware(count).build().await?;
/// assert_eq!(bus.dispatch(Double(21)).await?, 42);
/// assert_eq!(seen.load(Ordering::Relaxed), 1);
/// # Ok(()) }
/// ```
pub fn from_fn<F>(function: F) -> impl Middleware
where
    F: for<'a> Fn(Call<'a>, Next<'a>) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>
        + Send
        + Sync
        + 'static,
{
    function
}
