//! `Next`: the rest of the way from a middleware to the handler.
use super::call::Verdict;
use super::end::AnyEnd;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Poll, ready};

/// The rest of the way to the handler.
///
/// Little more than a pointer, as it is handed on at each step.
pub struct Next<'a> {
    end: Pin<&'a mut (dyn AnyEnd + 'a)>,
    /// Whether this is one run of several, after which others may follow.
    one_of_several: bool,
}

impl<'a> Next<'a> {
    pub(super) fn new(end: Pin<&'a mut (dyn AnyEnd + 'a)>) -> Self {
        Self {
            end,
            one_of_several: false,
        }
    }

    /// Goes the rest of the way, once. Dropping the future ends what it began.
    #[inline]
    #[must_use = "futures do nothing unless awaited"]
    pub fn run(self) -> Running<'a> {
        Running {
            end: self.end,
            last: !self.one_of_several,
            under_way: false,
        }
    }

    /// The rest of the way, for one run of several: `None` if the command is not `Clone`.
    /// The last run of all is [`run`](Self::run).
    ///
    /// Each run begins with the command and the context as they are at the first call,
    /// whatever the middleware further in made of them.
    ///
    /// ```
    /// use bus::prelude::*;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// async fn twice(call: Call<'_>, mut next: Next<'_>) -> Verdict {
    ///     if let Some(once) = next.again() {
    ///         let verdict = once.run().await;
    ///         if verdict.is_ok() {
    ///             return verdict;
    ///         }
    ///     }
    ///     next.run().await
    /// }
    ///
    /// #[derive(Clone)]
    /// #[command(output = u32, middleware = [twice])]
    /// struct Flaky;
    ///
    /// #[handler]
    /// fn flaky(_: Flaky) -> Result<u32, bus::BoxError> {
    ///     static RUNS: AtomicU32 = AtomicU32::new(0);
    ///     match RUNS.fetch_add(1, Ordering::Relaxed) {
    ///         0 => Err("not yet".into()),
    ///         run => Ok(run),
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), bus::Error> {
    /// assert_eq!(bus::dispatch(Flaky).await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn again(&mut self) -> Option<Next<'_>> {
        self.end.as_mut().again().then_some(Next {
            end: self.end.as_mut(),
            one_of_several: true,
        })
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Next")
    }
}

/// The rest of the way, under way.
#[must_use = "futures do nothing unless awaited"]
pub struct Running<'a> {
    end: Pin<&'a mut (dyn AnyEnd + 'a)>,
    last: bool,
    under_way: bool,
}

impl Future for Running<'_> {
    type Output = Verdict;

    #[inline]
    fn poll(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Verdict> {
        let this = self.get_mut();
        this.under_way = true;
        let verdict = ready!(this.end.as_mut().poll_end(this.last, task));
        this.under_way = false;
        Poll::Ready(verdict)
    }
}

impl Drop for Running<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.under_way {
            self.end.as_mut().stop();
        }
    }
}

impl fmt::Debug for Running<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Running")
    }
}
