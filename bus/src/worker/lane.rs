//! A lane begins jobs, one after the other, on one thread of the runtime.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::execute::{Begun, Surroundings, Task};
use super::hub::Hub;
use super::outcome::settlement;
use super::settle::counted;
use crate::command::Origin;
use crate::driver::{Claimed, Keep, Settlement};
use crate::job::{FailureKind, Fate};
use crate::queue::Slot;
use crate::registry::{Broken, Ran, with_sources};

/// So many jobs are run at a stretch before other tasks of the thread get a turn.
const STRETCH: u32 = 64;

/// Begins jobs until it is aborted.
pub(super) async fn lane(hub: Arc<Hub>, around: Arc<Surroundings>, lane: usize) {
    let mut over = None;
    let mut has_slot = false;
    let mut stretch = 0;
    loop {
        let job = match hub.next(lane, over.take(), has_slot) {
            Some(job) => job,
            None => wait(&hub, lane).await,
        };
        (over, has_slot) = match begin(&hub, &around, lane, job).await {
            Some(settlement) => (Some(settlement), true),
            None => (None, false),
        };
        stretch += 1;
        if stretch == STRETCH {
            stretch = 0;
            tokio::task::yield_now().await;
        }
    }
}

/// Waits for a job and a slot.
async fn wait(hub: &Hub, lane: usize) -> Claimed {
    loop {
        let mut told = pin!(hub.begin.notified());
        // Listen first, look second: so no job is missed.
        told.as_mut().enable();
        if let Some(job) = hub.next(lane, None, false) {
            return job;
        }
        told.await;
    }
}

/// Begins a job: `Some` if it is over, `None` if it goes on as a task of its own.
async fn begin(
    hub: &Arc<Hub>,
    around: &Arc<Surroundings>,
    lane: usize,
    job: Claimed,
) -> Option<Settlement> {
    let (mut run, task) = match around.begin(job) {
        Begun::Running(run, task) => (run, task),
        Begun::Over(settlement) => return Some(settlement),
    };
    match poll_fn(|cx| Poll::Ready(run.as_mut().poll(cx))).await {
        Poll::Ready(ran) if task.execution.transaction().is_none() => {
            let asked = task.execution.is_cancelled();
            let now = around.store.now();
            Some(settlement(task, ran, around.worker, asked, now))
        }
        Poll::Ready(ran) => {
            detach(hub, around, lane, async { ran }, task);
            None
        }
        Poll::Pending => {
            detach(hub, around, lane, run, task);
            None
        }
    }
}

/// Lets a job that waits for something go on as a task of its own.
fn detach(
    hub: &Arc<Hub>,
    around: &Arc<Surroundings>,
    lane: usize,
    run: impl Future<Output = Ran> + Send + 'static,
    mut task: Task,
) {
    task.began = Some(around.store.now());
    let (lease, token) = (task.lease.clone(), task.execution.token().clone());
    hub.detach(lane, lease, token, |number| {
        let (hub, around) = (Arc::clone(hub), Arc::clone(around));
        let work = async move {
            let mut ran = run.await;
            if let Some(transaction) = task.execution.transaction().cloned() {
                match together(&*transaction, &task, ran, &around).await {
                    None => return hub.over(number, || None),
                    Some(other) => ran = other,
                }
            }
            let asked = task.execution.is_cancelled();
            hub.over(number, || {
                let now = around.store.now();
                Some(settlement(task, ran, around.worker, asked, now))
            });
        };
        tokio::spawn(work).abort_handle()
    });
}

/// Ends the transaction that a handler worked in: with the job's completion, or not at all. `None`:
/// the store knows the outcome.
async fn together(
    transaction: &dyn Slot,
    task: &Task,
    ran: Ran,
    around: &Surroundings,
) -> Option<Ran> {
    let now = around.store.now();
    let Ran::Completed(output) = ran else {
        if let Err(error) = transaction.roll_back().await {
            let error = with_sources(&error);
            tracing::debug!(error, "the rollback was left to the database");
        }
        return Some(ran);
    };
    let keep = Keep::for_time(task.retain(), now);
    let completed = Settlement::completed(task.lease.clone(), output, keep)
        .with_follow(task.execution.follow());
    match transaction.commit(around.worker, &completed, now).await {
        Ok(settled) => {
            around.board.counters.add(&counted(&completed, settled));
            None
        }
        // Whether it is committed may be unknown: if it is, the store refuses this failure.
        Err(error) => Some(Ran::Failed(Broken::new(
            FailureKind::Error,
            with_sources(&error),
            Fate::Retry,
        ))),
    }
}
