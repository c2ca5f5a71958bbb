//! A lane begins jobs, one after the other, on one thread of the runtime.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::task::coop;

use super::desk::{Next, Slice};
use super::execute::{Begun, Surroundings, Task};
use super::hub::Hub;
use super::limit::within;
use super::outcome::settlement;
use super::settle::counted;
use crate::command::Origin;
use crate::driver::{Claimed, Keep, Settlement};
use crate::job::{FailureKind, Fate};
use crate::queue::{LaneState, Slot};
use crate::registry::{Broken, Ran, with_sources};

/// Begins jobs until it is aborted.
pub(super) async fn lane(hub: Arc<Hub>, around: Arc<Surroundings>, number: usize) {
    let mut lane = Lane {
        state: Arc::new(Arc::clone(&around.state)),
        hub,
        around,
        number,
        has_slot: false,
        slice: Slice::new(),
        pause: false,
    };
    loop {
        if !lane.refill() {
            lane.wait().await;
        }
        if lane.pause || lane.slice.is_long_since_pause() {
            lane.pause = false;
            tokio::task::yield_now().await;
            lane.slice.paused();
        }
        lane.slice.begin();
        let begun = poll_fn(|task| Poll::Ready(lane.work_off(task))).await;
        lane.slice.end(begun);
    }
}

struct Lane {
    hub: Arc<Hub>,
    around: Arc<Surroundings>,
    state: LaneState,
    /// Which desk is its own.
    number: usize,
    has_slot: bool,
    slice: Slice,
    /// Other tasks of the thread are to get a turn before the next job.
    pause: bool,
}

impl Lane {
    /// Gets jobs onto its desk.
    fn refill(&mut self) -> bool {
        let (hub, size) = (&self.hub, self.slice.size());
        self.has_slot = hub.refill(self.number, self.has_slot, size, &mut self.pause);
        self.has_slot
    }

    /// Waits for jobs and a slot.
    async fn wait(&mut self) {
        let hub = Arc::clone(&self.hub);
        loop {
            let mut told = pin!(hub.begin.notified());
            // Listen first, look second: so no job is missed.
            told.as_mut().enable();
            self.pause = false;
            self.slice.paused();
            if self.refill() {
                return;
            }
            told.await;
        }
    }

    /// Begins the jobs on its desk until it is empty, or a pause is due, or one goes on as a task
    /// and takes the slot along; says how many. All in one step: a job that ends at once costs no
    /// more than its work.
    fn work_off(&mut self, task: &mut Context<'_>) -> u32 {
        let mut begun = 0;
        let mut over = None;
        loop {
            // Without a budget left from the runtime a job would seem to wait for what is there.
            let more = coop::has_budget_remaining();
            match self.hub.next(self.number, &mut over, more) {
                Next::Job(job) => over = self.begin(job, task),
                Next::Pause => {
                    self.pause = true;
                    break;
                }
                Next::Nothing => break,
            }
            begun += 1;
            if over.is_none() {
                self.has_slot = false;
                break;
            }
        }
        begun
    }

    /// Begins a job: `Some` if it is over, `None` if it goes on as a task of its own.
    fn begin(&self, job: Claimed, context: &mut Context<'_>) -> Option<Settlement> {
        let (mut run, task) = match self.around.begin(job, &self.state) {
            Begun::Running(run, task) => (run, task),
            Begun::Over(settlement) => return Some(settlement),
        };
        match Pin::new(&mut run).poll(context) {
            Poll::Ready(ran) if task.execution.transaction().is_none() => {
                Some(settlement(&task, ran, &self.around))
            }
            Poll::Ready(ran) => {
                self.detach(async { ran }, task);
                None
            }
            Poll::Pending => {
                let execution = Arc::clone(&task.execution);
                let limit = task.limit;
                let run = async move { within(run, execution.token(), limit).await };
                self.detach(run, task);
                None
            }
        }
    }

    /// Lets a job that waits for something go on as a task of its own.
    fn detach(&self, run: impl Future<Output = Ran> + Send + 'static, mut task: Task) {
        task.began = Some(self.around.store.now());
        let execution = Arc::clone(&task.execution);
        self.hub.detach(self.number, execution, |number| {
            let (hub, around) = (Arc::clone(&self.hub), Arc::clone(&self.around));
            let work = async move {
                let mut ran = run.await;
                if let Some(transaction) = task.execution.transaction().cloned() {
                    match together(&*transaction, &task, ran, &around).await {
                        None => return hub.over(number, || None),
                        Some(other) => ran = other,
                    }
                }
                hub.over(number, || Some(settlement(&task, ran, &around)));
            };
            tokio::spawn(work).abort_handle()
        });
    }
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
    let completed = Settlement::completed(task.lease().clone(), output, keep)
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
