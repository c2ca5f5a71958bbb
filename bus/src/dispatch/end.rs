//! What is behind a middleware: begun as often as it is asked for.
use super::call::Verdict;
use super::slot::AnySlot;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Poll, ready};

pin_project! {
    /// What is behind a middleware: `make` begins it, as often as it is asked to.
    pub(super) struct End<'s, M, F> {
        slot: &'s dyn AnySlot,
        make: M,
        // Where the slot keeps the command and the context for each run, once one of several
        // was asked for.
        kept: Option<u32>,
        // Whether the next run must be begun anew.
        used: bool,
        // Begun at once, which costs nothing until it is polled.
        #[pin]
        running: F,
    }
}

impl<'s, M, F> End<'s, M, F>
where
    M: Fn() -> F,
    F: Future<Output = Verdict>,
{
    #[inline]
    pub(super) fn new(slot: &'s dyn AnySlot, make: M) -> Self {
        Self {
            slot,
            running: make(),
            make,
            kept: None,
            used: false,
        }
    }
}

/// An [`End`] whose types are not known.
pub(super) trait AnyEnd: Send {
    /// Puts the command back for one run of several; false if it can't be copied.
    fn again(self: Pin<&mut Self>) -> bool;
    /// Goes the rest of the way; for the last time, if `last`: the command is put back first,
    /// if there were other runs.
    fn poll_end(
        self: Pin<&mut Self>,
        last: bool,
        task: &mut std::task::Context<'_>,
    ) -> Poll<Verdict>;
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

    #[inline]
    fn poll_end(
        self: Pin<&mut Self>,
        last: bool,
        task: &mut std::task::Context<'_>,
    ) -> Poll<Verdict> {
        let mut this = self.project();
        if last && let Some(at) = this.kept.take() {
            this.slot.restore(at, true);
        }
        if *this.used {
            this.running.set((this.make)());
            *this.used = false;
        }
        let verdict = ready!(this.running.poll(task));
        *this.used = true;
        Poll::Ready(verdict)
    }

    fn stop(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.running.set((this.make)());
    }
}
