//! The cases of the benchmark: each does the same tiny piece of work `n` times, another way.
//!
//! `cargo bench -p bus-bench` times them, `tests/bench/instructions` counts instructions.
mod others;
mod ours;

use bench_handlers as _;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

/// A way to do the work: its name, and what does it so many times.
pub type Case = (&'static str, fn(u64));

/// All cases; those that make a bus or a context come last, as every later dispatch of the
/// process then looks for the current one.
pub fn cases() -> Vec<Case> {
    let mut cases = ours::straight();
    cases.extend(others::cases());
    cases.extend(ours::in_context());
    cases
}

/// What the middleware of all cases do: something small and visible.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn count(&self) {
        // Not an atomic addition: the middleware is measured, not its counter.
        let so_far = self.0.load(Ordering::Relaxed);
        self.0.store(so_far + 1, Ordering::Relaxed);
    }
}

/// Polls once: no case ever waits.
#[inline(always)]
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("no case waits"),
    }
}

/// A case: for each of `n` numbers, `$work` on `$command`, an expression of a result.
macro_rules! case {
    ($name:literal, $error:ty, |$i:ident| $command:expr, |$c:ident| $work:expr) => {
        ($name, |n: u64| {
            let all = async {
                let mut sum = 0_u64;
                for i in 0..n {
                    let $i = i as u32;
                    let $c = std::hint::black_box($command);
                    sum = sum.wrapping_add(std::hint::black_box($work?));
                }
                Ok::<u64, $error>(sum)
            };
            std::hint::black_box(crate::now(all).is_ok());
        })
    };
}
pub(crate) use case;
