//! `Catch`: panics become errors.
use super::super::call::{Call, Verdict};
use super::super::middleware::Middleware;
use super::super::next::Next;
use crate::command::{Error, Panicked};
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Turns a panic of the handler, or of a middleware further in, into `Error::Panicked`.
///
/// Without it a panic goes on to the caller, as that of a direct call does. The panic hook
/// of the program has printed it by then. A program that is built with `panic = "abort"`
/// ends all the same.
///
/// ```standalone_crate
/// use bus::{Error, layers::Catch, prelude::*};
///
/// #[command(output = u32)]
/// struct Divide(u32, u32);
///
/// #[handler]
/// fn divide(cmd: Divide) -> u32 {
///     cmd.0 / cmd.1
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let catch = Catch::new().on_panic(|call, panicked| {
///     eprintln!("{}: {}", call.context().correlation_id(), panicked.message());
/// });
/// let bus = Bus::builder().middleware(catch).build().await?;
/// match bus.dispatch(Divide(1, 0)).await {
///     Err(Error::Panicked(panicked)) => {
///         assert_eq!(panicked.message(), "attempt to divide by zero");
///     }
///     other => panic!("{other:?}"),
/// }
/// # Ok(()) }
/// ```
#[derive(Default)]
pub struct Catch {
    hook: Option<Hook>,
}

type Hook = Box<dyn Fn(Call<'_>, &Panicked) + Send + Sync>;

impl Catch {
    /// Catches every panic further in.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, and shows each panic to `hook`: to count it, to send it to who watches.
    #[must_use]
    pub fn on_panic(mut self, hook: impl Fn(Call<'_>, &Panicked) + Send + Sync + 'static) -> Self {
        self.hook = Some(Box::new(hook));
        self
    }
}

impl Middleware for Catch {
    async fn handle(&self, call: Call<'_>, next: Next<'_>) -> Verdict {
        // In a future of its own, as `run` calls the next middleware: that may panic too.
        let mut rest = pin!(async { next.run().await });
        // After a panic the rest is dropped, never polled again; what it shares with others
        // is for its owners to keep sound, as with a panic of any thread.
        let caught =
            poll_fn(
                |task| match catch_unwind(AssertUnwindSafe(|| rest.as_mut().poll(task))) {
                    Ok(poll) => poll.map(Ok),
                    Err(payload) => Poll::Ready(Err(payload)),
                },
            )
            .await;
        let payload = match caught {
            Ok(verdict) => return verdict,
            Err(payload) => payload,
        };
        let panicked = Panicked::new(call.descriptor(), &*payload);
        if let Some(hook) = &self.hook {
            hook(call, &panicked);
        }
        call.reject(Error::Panicked(panicked))
    }
}

impl fmt::Debug for Catch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catch")
            .field("hook", &self.hook.is_some())
            .finish()
    }
}
