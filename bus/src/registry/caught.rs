//! A handler's panic as a value: what it said and where.

use std::any::Any;
use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Once;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

thread_local! {
    /// File and line of the panic that this thread is unwinding from.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A caught panic.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Panic {
    pub(super) message: String,
    pub(super) place: Option<String>,
}

pin_project! {
    /// A future whose panic is its output.
    pub(super) struct Caught<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Caught<F> {
    pub(super) fn new(future: F) -> Self {
        remember_places();
        Self { future }
    }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Panic>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().future;
        // What the panic left half done belongs to the job, and the job is over.
        match catch_unwind(AssertUnwindSafe(|| future.poll(task))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(Panic::of(&*payload))),
        }
    }
}

impl Panic {
    fn of(payload: &(dyn Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a text".to_owned());
        let place = PLACE.with(|place| place.borrow_mut().take());
        Self { message, place }
    }
}

/// Only a panic hook is told the place. Ours is put before the program's own, once.
fn remember_places() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let place = panic.location().map(ToString::to_string);
            // A panic while the thread is being torn down has nobody to tell.
            let _ = PLACE.try_with(|slot| *slot.borrow_mut() = place);
            before(panic);
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_value_with_its_place() {
        let unlucky: Result<(), Panic> = Caught::new(async { panic!("no {}", "luck") }).await;
        let panic = unlucky.unwrap_err();
        assert_eq!(panic.message, "no luck");
        let place = panic.place.unwrap();
        assert!(place.contains("caught.rs:"), "{place}");
        assert_eq!(Caught::new(async { 7 }).await, Ok(7));
    }
}
