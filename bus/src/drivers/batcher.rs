//! Group commit: what gathers while one flush is under way goes together into the next.

use std::fmt;
use std::future::Future;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// What a [`Batcher`] does with the calls it has gathered.
pub(crate) trait Group: Send + Sync + 'static {
    /// What a caller brings.
    type Call: Send + 'static;
    /// What a caller gets.
    type Answer: Send + 'static;
    /// What a caller gets instead.
    type Fault: Send + 'static;

    /// How much of a flush the call fills.
    fn weight(&self, call: &Self::Call) -> usize;

    /// How much fits into one flush. A call that is heavier goes alone.
    fn limit(&self) -> usize;

    /// Whether `next` may share a flush with `first`.
    fn joins(&self, first: &Self::Call, next: &Self::Call) -> bool {
        let _ = (first, next);
        true
    }

    /// Does it; one answer for each call, in order.
    fn flush(
        &self,
        calls: Vec<Self::Call>,
    ) -> impl Future<Output = Vec<Result<Self::Answer, Self::Fault>>> + Send;
}

struct Waiting<G: Group> {
    call: G::Call,
    answer: oneshot::Sender<Result<G::Answer, G::Fault>>,
}

/// One task that flushes for all callers. No timer: a lone call is flushed at once.
///
/// A call that was taken is carried out even if its caller stops waiting. Dropping the batcher
/// lets the task flush what it has and end.
pub(crate) struct Batcher<G: Group> {
    calls: mpsc::UnboundedSender<Waiting<G>>,
}

impl<G: Group> fmt::Debug for Batcher<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher").finish_non_exhaustive()
    }
}

impl<G: Group> Batcher<G> {
    /// Starts the task; its handle is for waiting until all is flushed after the drop.
    pub(crate) fn start(group: G) -> (Self, JoinHandle<()>) {
        // Unbounded, yet bounded by the callers: each waits for its answer.
        let (calls, inbox) = mpsc::unbounded_channel();
        (Self { calls }, tokio::spawn(run(group, inbox)))
    }

    /// Waits for the flush that holds this call; `None`: the task has ended.
    pub(crate) async fn call(&self, call: G::Call) -> Option<Result<G::Answer, G::Fault>> {
        let (answer, answered) = oneshot::channel();
        self.calls.send(Waiting { call, answer }).ok()?;
        answered.await.ok()
    }
}

async fn run<G: Group>(group: G, mut inbox: mpsc::UnboundedReceiver<Waiting<G>>) {
    let mut left_over = None;
    loop {
        let first = match left_over.take() {
            Some(waiting) => waiting,
            None => match inbox.recv().await {
                Some(waiting) => waiting,
                None => return,
            },
        };
        // The callers that the last flush has answered are about to come back: let them.
        tokio::task::yield_now().await;
        let mut weight = group.weight(&first.call);
        let mut gathered = vec![first];
        while weight < group.limit() {
            let Ok(next) = inbox.try_recv() else { break };
            let more = group.weight(&next.call);
            if weight + more > group.limit() || !group.joins(&gathered[0].call, &next.call) {
                left_over = Some(next);
                break;
            }
            weight += more;
            gathered.push(next);
        }
        let (calls, answers): (Vec<_>, Vec<_>) = gathered
            .into_iter()
            .map(|waiting| (waiting.call, waiting.answer))
            .unzip();
        for (answer, result) in answers.into_iter().zip(group.flush(calls).await) {
            // A caller that stopped waiting needs no answer.
            let _ = answer.send(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Answers each number with the size of the flush it was in.
    struct Sizes {
        gate: Arc<tokio::sync::Semaphore>,
    }

    impl Group for Sizes {
        type Call = usize;
        type Answer = usize;
        type Fault = ();

        fn weight(&self, call: &usize) -> usize {
            *call
        }

        fn limit(&self) -> usize {
            10
        }

        fn joins(&self, first: &usize, next: &usize) -> bool {
            first % 2 == next % 2
        }

        async fn flush(&self, calls: Vec<usize>) -> Vec<Result<usize, ()>> {
            self.gate.acquire().await.unwrap().forget();
            let size = calls.len();
            calls.into_iter().map(|_| Ok(size)).collect()
        }
    }

    /// The sizes of the flushes of these calls, all made while the first was under way.
    async fn sizes(calls: &[usize]) -> Vec<usize> {
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let (batcher, task) = Batcher::start(Sizes {
            gate: Arc::clone(&gate),
        });
        let waiting = calls.iter().map(|&call| batcher.call(call));
        let mut waiting: Vec<_> = waiting.map(Box::pin).collect();
        for call in &mut waiting {
            assert!(futures_poll(call.as_mut()).await.is_none());
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        }
        gate.add_permits(calls.len());
        let mut sizes = Vec::new();
        for call in waiting {
            sizes.push(call.await.unwrap().unwrap());
        }
        drop(batcher);
        task.await.unwrap();
        sizes
    }

    async fn futures_poll<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(match future.as_mut().poll(context) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }

    #[tokio::test]
    async fn what_gathers_goes_together_up_to_the_limit() {
        assert_eq!(sizes(&[2, 4, 4, 2, 2]).await, [1, 3, 3, 3, 1]);
        assert_eq!(
            sizes(&[1, 12, 2]).await,
            [1, 1, 1],
            "a heavy call goes alone"
        );
        assert_eq!(
            sizes(&[2, 2, 1, 2]).await,
            [1, 1, 1, 1],
            "what does not join waits"
        );
    }
}
