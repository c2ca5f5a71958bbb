//! Running handlers that are plain functions where they may block their thread.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use super::caught::{Caught, Panic};

/// Runs a future where it may block its thread. If it is no longer waited for, the thread still
/// goes on to the handler's end: nothing can stop a function.
pub(super) async fn on_blocking_pool<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Panic> {
    let thread = tokio::task::spawn_blocking(move || drive(Caught::new(work)));
    match thread.await {
        Ok(ended) => ended,
        // Panics are caught inside: the runtime is shutting down and never ran it.
        Err(_) => std::future::pending().await,
    }
}

/// Drives a future on this thread. Not by the runtime's own `block_on`: inside that, the handler
/// could not call it itself, nor anything else that blocks by it.
fn drive<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut task = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut task) {
            return output;
        }
        // A wake-up before this is kept: the thread goes on at once then.
        std::thread::park();
    }
}

/// Wakes the thread that drives.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_it_runs_may_block_and_may_wait() {
        let work = async {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            tokio::runtime::Handle::current().block_on(async { 7 })
        };
        assert_eq!(on_blocking_pool(work).await, Ok(7));
    }
}
