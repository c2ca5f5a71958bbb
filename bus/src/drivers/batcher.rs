//! Group commit: what arrives while one flush is on its way goes together into the next.
//!
//! No timer and no task of its own: the first to come starts a task, which flushes until nothing
//! waits and ends. So an idle store costs nothing, and a lone call waits for nobody. A store whose
//! connection takes requests without waiting for answers may have several flushes on their way.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// What is done with a batch.
pub(crate) trait Flush: Send + Sync + 'static {
    /// One thing to store.
    type Item: Send + 'static;
    /// What became of it.
    type Done: Send + 'static;
    /// Why a batch failed; each call that was part of it gets a copy.
    type Error: Clone + Send + 'static;

    /// The most items in a batch.
    const ITEMS: usize;
    /// The most flushes on their way at once. With more than one, the parts of a single call are
    /// still flushed one after the other, and each begins to flush in the order of the calls.
    const AT_ONCE: usize = 1;
    /// A batch takes no more items once it weighs so much; a single item may weigh more.
    const WEIGHT: usize;

    /// What an item weighs, in bytes.
    fn weight(item: &Self::Item) -> usize;

    /// Stores a batch in order, one answer for each item.
    fn flush(
        &self,
        batch: Vec<Self::Item>,
    ) -> impl Future<Output = Result<Vec<Self::Done>, Self::Error>> + Send;

    /// The error of calls whose batch was dropped with its runtime: whether it was stored is
    /// unknown.
    fn dropped() -> Self::Error;
}

/// One caller's items and where to send the answers.
struct Call<F: Flush> {
    items: VecDeque<F::Item>,
    done: Vec<F::Done>,
    answer: oneshot::Sender<Result<Vec<F::Done>, F::Error>>,
}

struct Waiting<F: Flush> {
    calls: VecDeque<Call<F>>,
    /// How many tasks flush.
    flushing: usize,
}

/// Gathers the calls for one [`Flush`].
pub(crate) struct Batcher<F: Flush> {
    flush: Arc<F>,
    waiting: Arc<Mutex<Waiting<F>>>,
}

impl<F: Flush> fmt::Debug for Batcher<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher").finish_non_exhaustive()
    }
}

impl<F: Flush> Batcher<F> {
    pub(crate) fn new(flush: Arc<F>) -> Self {
        let waiting = Waiting {
            calls: VecDeque::new(),
            flushing: 0,
        };
        Self {
            flush,
            waiting: Arc::new(Mutex::new(waiting)),
        }
    }

    /// Hands the items over and returns the answer to wait for. They are stored, in order, even if
    /// nobody waits; a call with more than fit into a batch takes turns with others.
    pub(crate) fn submit(
        &self,
        items: Vec<F::Item>,
    ) -> impl Future<Output = Result<Vec<F::Done>, F::Error>> + Send + use<F> {
        let (answer, answered) = oneshot::channel();
        let call = Call {
            done: Vec::with_capacity(items.len()),
            items: items.into(),
            answer,
        };
        let start = {
            let mut waiting = lock(&self.waiting);
            waiting.calls.push_back(call);
            let start = waiting.flushing < F::AT_ONCE;
            waiting.flushing += usize::from(start);
            start
        };
        if start {
            let flush = Arc::clone(&self.flush);
            let mut running = Running {
                waiting: Arc::clone(&self.waiting),
                over: false,
            };
            tokio::spawn(async move { running.run(&*flush).await });
        }
        async move { answered.await.unwrap_or_else(|_| Err(F::dropped())) }
    }
}

fn lock<F: Flush>(waiting: &Mutex<Waiting<F>>) -> std::sync::MutexGuard<'_, Waiting<F>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The task that flushes. If its runtime drops it, what waits is told, so that nobody waits for
/// ever and the next call starts another.
struct Running<F: Flush> {
    waiting: Arc<Mutex<Waiting<F>>>,
    /// It ended by itself: what waits from then on is the next task's, which may run already.
    over: bool,
}

impl<F: Flush> Drop for Running<F> {
    fn drop(&mut self) {
        if !self.over {
            let mut waiting = lock(&self.waiting);
            waiting.flushing -= 1;
            if waiting.flushing == 0 {
                waiting.calls.clear();
            }
        }
    }
}

impl<F: Flush> Running<F> {
    async fn run(&mut self, flush: &F) {
        loop {
            // Who was just answered, or woke together with the first caller, is about to call.
            tokio::task::yield_now().await;
            let Some((batch, parts)) = self.next() else {
                self.over = true;
                return;
            };
            let result = flush.flush(batch).await;
            self.answer(parts, result);
        }
    }

    /// The next batch and, for each call that has a part in it, the call and the part's size.
    #[expect(clippy::type_complexity, reason = "private, taken apart at once")]
    fn next(&self) -> Option<(Vec<F::Item>, Vec<(Call<F>, usize)>)> {
        let mut waiting = lock(&self.waiting);
        let mut parts = Vec::new();
        let (mut batch, mut weight) = (Vec::new(), 0);
        while let Some(mut call) = waiting.calls.pop_front() {
            let before = batch.len();
            while batch.len() < F::ITEMS && weight < F::WEIGHT {
                let Some(item) = call.items.pop_front() else {
                    break;
                };
                weight += F::weight(&item);
                batch.push(item);
            }
            let part = batch.len() - before;
            if part == 0 && !call.items.is_empty() {
                waiting.calls.push_front(call);
                break;
            }
            parts.push((call, part));
        }
        if parts.is_empty() {
            waiting.flushing -= 1;
            return None;
        }
        Some((batch, parts))
    }

    fn answer(&self, parts: Vec<(Call<F>, usize)>, result: Result<Vec<F::Done>, F::Error>) {
        let mut done = match result {
            Ok(done) => done.into_iter(),
            Err(error) => {
                for (call, _) in parts {
                    // Who no longer waits does not need to know.
                    let _ = call.answer.send(Err(error.clone()));
                }
                return;
            }
        };
        for (mut call, part) in parts {
            call.done.extend(done.by_ref().take(part));
            if call.items.is_empty() {
                let _ = call.answer.send(Ok(call.done));
            } else {
                lock(&self.waiting).calls.push_back(call);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes the batches; waits for leave before each.
    #[derive(Default)]
    struct Noted {
        batches: Mutex<Vec<Vec<u32>>>,
        leave: tokio::sync::Notify,
    }

    impl Flush for Noted {
        type Item = u32;
        type Done = u32;
        type Error = &'static str;
        const ITEMS: usize = 4;
        const WEIGHT: usize = 1_000;

        fn weight(item: &u32) -> usize {
            usize::try_from(*item).unwrap()
        }

        async fn flush(&self, batch: Vec<u32>) -> Result<Vec<u32>, &'static str> {
            self.leave.notified().await;
            self.batches.lock().unwrap().push(batch.clone());
            match batch.contains(&13) {
                true => Err("unlucky"),
                false => Ok(batch.into_iter().map(|item| item * 2).collect()),
            }
        }

        fn dropped() -> &'static str {
            "dropped"
        }
    }

    /// Lets the flushing task come as far as it can: it gives way once itself.
    async fn rest() {
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    }

    async fn leave(noted: &Noted, times: usize) {
        for _ in 0..times {
            noted.leave.notify_one();
            rest().await;
        }
    }

    #[tokio::test]
    async fn what_waits_goes_together_and_long_calls_take_turns() {
        let noted = Arc::new(Noted::default());
        let batcher = Batcher::new(Arc::clone(&noted));
        let first = batcher.submit(vec![1]);
        rest().await;
        let long = batcher.submit((10..16).filter(|n| *n != 13).collect());
        let short = batcher.submit(vec![2]);
        leave(&noted, 3).await;
        assert_eq!(first.await, Ok(vec![2]));
        assert_eq!(short.await, Ok(vec![4]));
        assert_eq!(long.await, Ok(vec![20, 22, 24, 28, 30]));
        let batches = noted.batches.lock().unwrap().clone();
        assert_eq!(batches, [vec![1], vec![10, 11, 12, 14], vec![2, 15]]);
    }

    #[tokio::test]
    async fn a_batch_ends_where_it_is_heavy_and_its_error_reaches_all_its_calls() {
        let noted = Arc::new(Noted::default());
        let batcher = Batcher::new(Arc::clone(&noted));
        let heavy = batcher.submit(vec![1_000, 1, 2]);
        leave(&noted, 1).await;
        let (one, two) = (batcher.submit(vec![13]), batcher.submit(vec![3]));
        leave(&noted, 2).await;
        assert_eq!(noted.batches.lock().unwrap()[0], [1_000]);
        assert_eq!(heavy.await, Ok(vec![2_000, 2, 4]));
        assert_eq!(one.await, Err("unlucky"));
        assert_eq!(two.await, Err("unlucky"));
    }

    /// Answers at once.
    struct Echo;

    impl Flush for Echo {
        type Item = u32;
        type Done = u32;
        type Error = &'static str;
        const ITEMS: usize = 4;
        const WEIGHT: usize = 1_000;

        fn weight(_: &u32) -> usize {
            1
        }

        async fn flush(&self, batch: Vec<u32>) -> Result<Vec<u32>, &'static str> {
            Ok(batch)
        }

        fn dropped() -> &'static str {
            "dropped"
        }
    }

    #[tokio::test]
    async fn a_task_that_has_ended_leaves_the_calls_of_the_next_alone() {
        let batcher = Batcher::new(Arc::new(Echo));
        lock(&batcher.waiting).flushing = 1;
        let mut ended = Running::<Echo> {
            waiting: Arc::clone(&batcher.waiting),
            over: false,
        };
        ended.run(&Echo).await;
        let next = batcher.submit(vec![7]);
        drop(ended);
        assert_eq!(next.await, Ok(vec![7]));
    }

    /// Answers once two flushes are on their way.
    struct Both(tokio::sync::Barrier);

    impl Flush for Both {
        type Item = u32;
        type Done = u32;
        type Error = &'static str;
        const ITEMS: usize = 4;
        const AT_ONCE: usize = 2;
        const WEIGHT: usize = 1_000;

        fn weight(_: &u32) -> usize {
            1
        }

        async fn flush(&self, batch: Vec<u32>) -> Result<Vec<u32>, &'static str> {
            self.0.wait().await;
            Ok(batch)
        }

        fn dropped() -> &'static str {
            "dropped"
        }
    }

    #[tokio::test]
    async fn several_flushes_may_be_on_their_way_but_one_of_a_call() {
        let batcher = Batcher::new(Arc::new(Both(tokio::sync::Barrier::new(2))));
        let one = batcher.submit(vec![1]);
        rest().await;
        let two = batcher.submit(vec![2]);
        assert_eq!(tokio::join!(one, two), (Ok(vec![1]), Ok(vec![2])));
        // Two full parts: the second waits for the first, which waits for another call.
        let long = batcher.submit((1..9).collect());
        rest().await;
        assert_eq!(batcher.submit(vec![7]).await, Ok(vec![7]));
        assert_eq!(batcher.submit(vec![8]).await, Ok(vec![8]));
        assert_eq!(long.await, Ok((1..9).collect()));
    }

    #[test]
    fn a_runtime_that_ends_leaves_nobody_waiting() {
        let noted = Arc::new(Noted::default());
        let batcher = Batcher::new(Arc::clone(&noted));
        let runtime = || {
            tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap()
        };
        let first = runtime();
        #[expect(clippy::async_yields_async, reason = "the answer outlives the runtime")]
        let lost = first.block_on(async {
            let lost = batcher.submit(vec![1]);
            rest().await;
            lost
        });
        drop(first);
        runtime().block_on(async {
            assert_eq!(lost.await, Err("dropped"));
            let again = batcher.submit(vec![4]);
            leave(&noted, 1).await;
            assert_eq!(again.await, Ok(vec![8]));
        });
    }
}
