//! The rest of the way behind a middleware, begun as often as it is asked for.
use super::call::Verdict;
use super::slot::AnySlot;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Poll, ready};

pin_project! {
    /// The rest of the way behind a middleware: `make` begins it, as often as it is asked to.
    pub(super) struct End<'s, M, F> {
        slot: &'s dyn AnySlot,
        make: M,
        // Where the slot keeps the command and the context for each run, once one of several
        // was asked for.
        kept: Option<usize>,
        #[pin]
        running: Option<F>,
    }
}

impl<'s, M, F> End<'s, M, F>
where
    M: Fn() -> F,
    F: Future<Output = Verdict>,
{
    pub(super) fn new(slot: &'s dyn AnySlot, make: M) -> Self {
        Self {
            slot,
            make,
            kept: None,
            running: None,
        }
    }
}

/// An [`End`] whose types are not known.
pub(super) trait AnyEnd: Send {
    /// Puts the command back for one run of several; false if it can't be copied.
    fn again(self: Pin<&mut Self>) -> bool;
    /// Puts the command back for the last run, if there were others.
    fn last(self: Pin<&mut Self>);
    /// Goes the rest of the way.
    fn poll_end(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Verdict>;
    /// Drops what has not finished.
    fn stop(self: Pin<&mut Self>);
}

impl<M, F> AnyEnd for End<'_, M, F>
where
    M: Fn() -> F + Send,
    F: Future<Output = Verdict> + Send,
{
    fn again(self: Pin<&mut Self>) -> bool {
        let this = self.project();
        match *this.kept {
            Some(at) => this.slot.restore(at, false),
            None => *this.kept = this.slot.save(),
        }
        this.kept.is_some()
    }

    fn last(self: Pin<&mut Self>) {
        let this = self.project();
        if let Some(at) = this.kept.take() {
            this.slot.restore(at, true);
        }
    }

    #[inline]
    fn poll_end(self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Verdict> {
        let mut this = self.project();
        if this.running.is_none() {
            this.running.set(Some((this.make)()));
        }
        let running = this.running.as_mut().as_pin_mut().expect("set above");
        let verdict = ready!(running.poll(task));
        this.running.set(None);
        Poll::Ready(verdict)
    }

    fn stop(self: Pin<&mut Self>) {
        self.project().running.set(None);
    }
}
