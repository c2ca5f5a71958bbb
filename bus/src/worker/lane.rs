//! A lane begins jobs, one after the other, on one thread of the runtime.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::execute::{Begun, Surroundings, Task};
use super::hub::Hub;
use super::outcome::settlement;
use crate::command::Origin;
use crate::driver::{Claimed, Settlement};
use crate::registry::Run;

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
        Poll::Ready(ran) => {
            let asked = task.execution.is_cancelled();
            let now = around.store.now();
            Some(settlement(task, ran, around.worker, asked, now))
        }
        Poll::Pending => {
            detach(hub, around, lane, run, task);
            None
        }
    }
}

/// Lets a job that waits for something go on as a task of its own.
fn detach(hub: &Arc<Hub>, around: &Arc<Surroundings>, lane: usize, run: Run, mut task: Task) {
    task.began = Some(around.store.now());
    let (lease, token) = (task.lease.clone(), task.execution.token().clone());
    hub.detach(lane, lease, token, || {
        let (hub, around) = (Arc::clone(hub), Arc::clone(around));
        let work = async move {
            let ran = run.await;
            let asked = task.execution.is_cancelled();
            hub.over(task.lease.job, || {
                settlement(task, ran, around.worker, asked, around.store.now())
            });
        };
        tokio::spawn(work).abort_handle()
    });
}
