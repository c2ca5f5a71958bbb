//! What a store must do for those who enqueue and those who work. This text is the specification.

use std::any::Any;
use std::fmt;
use std::sync::Weak;

use super::DriverFuture;
use super::capabilities::Capabilities;
use super::claim::{ClaimRequest, Claims, Pushed};
use super::ends::EndWatch;
use super::error::DriverError;
use super::handoff::HandOff;
use super::inspect::Inspect;
use super::settle::{Settled, Settlement};
use super::upkeep::{Heartbeat, Migrated, Promoted, Rescue, Rescued, WorkerInfo};
use super::wake::Wakes;
use crate::clock::Timestamp;
use crate::id::{JobId, WorkerId};
use crate::job::NewJob;

/// A store of jobs: the hot path and its upkeep. What people ask and do is [`Inspect`].
///
/// # Rules that hold for each method
///
/// - **Atomic.** A call's whole effect on a job (state, counters, history, following jobs, keys,
///   batch counts) is one step: others see all of it or nothing, a crash leaves all or nothing.
///   Jobs of one call may be split into several steps of at most [`MAX_BATCH`](super::MAX_BATCH) jobs, in order.
/// - **Durable.** When a method returns `Ok`, its effect survives as the store's documentation
///   promises. Two may be weaker, since losing them only runs a job again: claims and heartbeats.
///   A lost claim must still count as a lost attempt if its worker died: see
///   [`rescue`](Self::rescue).
/// - **Fenced.** A lease is valid while the store has the job `running`, by this worker, with this
///   delivery. What names an invalid lease changes nothing. Maintenance re-checks likewise what it
///   read before it writes.
/// - **Bounded.** One statement or script touches at most [`MAX_BATCH`](super::MAX_BATCH) jobs, and its cost does
///   not grow with the number of jobs that wait, are scheduled, or are dead.
/// - **Never stuck.** One bad row never fails a call: it is handed out as
///   [`damage`](super::Claimed::damage) or passed over. Each wait for a server has a deadline and
///   ends as a transient error. A driver reconnects by itself; a call made meanwhile fails as
///   transient or waits within its deadline.
/// - **Unknown ids** and queues are no errors: they are passed over, or answered as documented.
/// - **Times are passed in.** `now` is the caller's time, corrected by
///   [`Heartbeat::store_time`] and [`ping`](Self::ping), where the store has a clock; due means `run_at <= now`. Stores keep at least milliseconds. They
///   may go backwards between calls; nothing breaks, jobs are only due later.
/// - **Cancel-safe.** A dropped future has taken effect wholly or not at all. A driver's tasks
///   never depend on the caller's future being polled.
///
/// # Order
///
/// Within a queue jobs are taken by (priority, the most urgent first; `run_at`; arrival).
/// Arrival is the order of ids or of storing, the driver's choice: both agree for the jobs of one
/// process. The order in the store is [`Priority::rank`](crate::job::Priority::rank), ascending.
/// With several claimers the order is that of what is not taken yet.
///
/// # Inside the caller's transaction
///
/// Storing a job in a transaction of the user's, or settling one in it, needs that store's own
/// types, so it is not part of this trait: drivers with
/// [`transactions`](Capabilities::transactions) have inherent methods
/// `push_in(&self, &mut Connection, Vec<NewJob>, Timestamp) -> Vec<Pushed>` and
/// `settle_in(&self, &mut Connection, WorkerId, &Settlement, Timestamp) -> Settled`, with the
/// semantics of [`push`](Self::push) (never by hand-off) and [`settle`](Self::settle) but for the
/// commit, which is the caller's. After it the caller calls the driver's
/// `committed(&self, &[QueueName])`, which wakes; if it does not, polling finds the jobs.
/// A driver is `Any`: `(&*driver as &dyn Any).downcast_ref::<PostgresDriver>()` leads to them.
pub trait Driver: Inspect + Any + fmt::Debug + Send + Sync {
    /// The store's name in errors, logs and metrics: `memory`, `sqlite`, `postgres`, `redis`.
    fn name(&self) -> &'static str;

    /// What it can do. Does not change while it is open.
    fn capabilities(&self) -> Capabilities;

    /// Brings the store's schema to this version. Safe to call from many processes at once (one
    /// does it, the others wait), and again (nothing is done). Own ledger, own schema or prefix:
    /// never touches what is not its own.
    ///
    /// # Errors
    /// Permanent if the schema is newer than this version. Until it was called once, the other
    /// methods may fail as permanent, saying so.
    fn migrate(&self) -> DriverFuture<'_, Migrated>;

    /// Answers if the store does, with the store's own clock if it has one: for health, and for
    /// programs that send no heartbeat. One short round trip.
    fn ping(&self) -> DriverFuture<'_, Option<Timestamp>>;

    /// Ends it: flushes what is on its way, ends its tasks and connections, closes all
    /// [`Wakes`]. Later calls fail as permanent. Calling it again does nothing.
    fn close(&self) -> DriverFuture<'_, ()>;

    // ── storing ──

    /// Stores jobs; one answer for each, in order. An empty call does nothing.
    ///
    /// State: `available` if due at `now`, else `scheduled`; `running` by hand-off
    /// ([`offer`](Self::offer)). `created_at` is `now`, all counters 0.
    ///
    /// Returns after the commit that holds them all. Calls of one process that arrive while a
    /// commit is on its way go together into the next: no timer, at most [`MAX_BATCH`](super::MAX_BATCH) jobs a
    /// step. Without [`atomic_push`](Capabilities::atomic_push), a call with more is several
    /// steps, and an error leaves the first ones stored.
    ///
    /// An id that is already stored is `Duplicate(id)` and changes nothing, so a push that failed
    /// as transient is simply repeated. (A job that ended and was not kept is no longer known.)
    /// Two jobs of one call with one id: the first is stored.
    ///
    /// A job with a unique key does as its [`Conflict`](crate::job::Conflict) says; jobs of the
    /// same call meet each other as well, in order.
    ///
    /// Wakes the queues that got due jobs, in this process and in others, after the commit.
    ///
    /// # Errors
    /// Unsupported if a job has unique keys, limits or a batch and the capability is missing:
    /// nothing is stored. A body larger than the store can hold is permanent.
    fn push(&self, jobs: Vec<NewJob>, now: Timestamp) -> DriverFuture<'_, Vec<Pushed>>;

    /// Lets jobs skip the queue: while storing, the driver asks this worker whether it takes due
    /// jobs at once, see [`HandOff`]. Held weakly: a worker that is dropped is asked no more.
    /// Several may offer. Without [`hand_off`](Capabilities::hand_off) nothing happens. Only for
    /// pushes of this driver value; never for jobs with concurrency keys or rates, nor from a
    /// queue that is paused (a pause from another process is heeded within a second).
    fn offer(&self, worker: Weak<dyn HandOff>) {
        drop(worker);
    }

    // ── working ──

    /// Takes due jobs: `available` → `running`, leased to `worker`, deliveries + 1, attempts
    /// untouched, `claimed_at` = now.
    ///
    /// Queue after queue in the order of the request, each up to its share, until the overall
    /// limit; within a queue in the order above. Never from a paused queue. Each job goes to one
    /// worker. Whether due `scheduled` and `retryable` jobs are found as well without a
    /// [`promote`](Self::promote) is the driver's choice: it counts as a promotion and a claim in
    /// one step.
    ///
    /// Fewer jobs than asked for means there were no more, up to what other claimers hold locked
    /// at that moment. A limit of 0 or no shares gives nothing.
    ///
    /// The worker has sent a heartbeat before. If its lease is over meanwhile, the claim still
    /// succeeds; a rescue may take the jobs.
    ///
    /// If it fails as transient, jobs may have been taken without the worker's learning which:
    /// the worker calls [`disown`](Self::disown).
    fn claim<'a>(
        &'a self,
        worker: WorkerId,
        request: &'a ClaimRequest,
        now: Timestamp,
    ) -> DriverFuture<'a, Claims>;

    /// Applies outcomes; one answer for each, in order. At most [`MAX_BATCH`](super::MAX_BATCH).
    ///
    /// For a valid lease, in one step: the state [`Settlement::target`] gives, or the row is gone;
    /// `counted` moves its counter; `failure` is appended to the history; `follow` is stored as by
    /// [`push`](Self::push) (their due jobs wake); the lease ends; concurrency shares are free;
    /// a final state frees the unique key, counts in the batch once per job, and inserts the
    /// callbacks that become due; `ended_at` = now and `keep_until`, `reason`, `output` are set.
    /// `Retry` and `Defer` set `run_at`; `Release` leaves it.
    ///
    /// For an invalid lease nothing happens: [`Settled::LeaseLost`], the others are not affected.
    /// That includes the same settlement given twice. So a settle that failed as transient is
    /// repeated until it answers; `LeaseLost` then may mean that the first one was applied.
    ///
    /// Watchers of this process are told after the commit.
    fn settle<'a>(
        &'a self,
        worker: WorkerId,
        settlements: &'a [Settlement],
        now: Timestamp,
    ) -> DriverFuture<'a, Vec<Settled>>;

    /// Settles, then claims, in one round trip or transaction where the store can
    /// ([`fused`](Capabilities::fused)). Semantics of the two in this order; jobs that a
    /// settlement released or stored may be claimed by the same call.
    ///
    /// The outer error means that the settle failed: repeat it, as that of
    /// [`settle`](Self::settle). The inner one means that the settle is done and the claim failed,
    /// as that of [`claim`](Self::claim). A fused call that fails as transient may have done both
    /// or neither: the worker repeats the settle and disowns.
    fn settle_and_claim<'a>(
        &'a self,
        worker: WorkerId,
        settlements: &'a [Settlement],
        request: &'a ClaimRequest,
        now: Timestamp,
    ) -> DriverFuture<'a, (Vec<Settled>, Result<Claims, DriverError>)> {
        Box::pin(async move {
            let settled = match settlements {
                [] => Vec::new(),
                some => self.settle(worker, some, now).await?,
            };
            Ok((settled, self.claim(worker, request, now).await))
        })
    }

    /// Gives back each job that is leased to `worker` and not among `held`: → `available`, due time
    /// unchanged, nothing counted. Returns how many. For the worker that cannot know what it was
    /// given (a claim or a hand-off whose answer was lost); it has no claim and no hand-off under
    /// way meanwhile. `held` is all that it knows to hold, running or not settled yet. Wakes.
    fn disown<'a>(
        &'a self,
        worker: WorkerId,
        held: &'a [JobId],
        now: Timestamp,
    ) -> DriverFuture<'a, u64>;

    /// Says that the worker lives: its lease lasts until `now` + [`WorkerInfo::lease`]. One write,
    /// whatever the number of its jobs. The first one registers it. Sent every third of a lease.
    /// Jobs that are leased to a worker the store does not know count as lost.
    fn heartbeat<'a>(
        &'a self,
        worker: &'a WorkerInfo,
        now: Timestamp,
    ) -> DriverFuture<'a, Heartbeat>;

    /// The worker ends in order: what is still leased to it goes back as by
    /// [`disown`](Self::disown), its heartbeat is gone. Unknown workers are no error.
    fn retire(&self, worker: WorkerId, now: Timestamp) -> DriverFuture<'_, u64>;

    // ── upkeep: any process may do it at any time, several at once too ──

    /// Takes jobs from workers whose lease ended at or before `now`, and from workers that are
    /// unknown; at most `limit`. For each, in one step: attempts + 1 and a
    /// [`Failure::lost`](crate::job::Failure::lost) in the history; then
    /// - with attempts left (`attempts < max_attempts`) and no request to cancel: → `retryable`,
    ///   due at [`Rescue::retry_at`] (→ `available` if that is not after now), lease ended,
    ///   concurrency shares free;
    /// - otherwise: stays `running`, leased to the rescuer with deliveries + 1, and is returned in
    ///   [`Rescued::exhausted`]. The rescuer settles it, with all that follows from that. (If it
    ///   dies too, the next rescue finds the job again; the attempts then exceed the maximum.)
    ///
    /// A worker's heartbeat is removed after its last job was taken, never before, and only if its
    /// lease is still over then. The rescuer's own jobs are never taken.
    fn rescue<'a>(&'a self, rescue: &'a Rescue, now: Timestamp) -> DriverFuture<'a, Rescued>;

    /// Makes due jobs available: `scheduled` and `retryable` with `run_at <= now`, the earliest
    /// first, at most `limit` (at most [`MAX_BATCH`](super::MAX_BATCH)). `run_at` stays, so they keep their order.
    /// Wakes their queues. In paused queues too.
    fn promote(&self, limit: usize, now: Timestamp) -> DriverFuture<'_, Promoted>;

    /// Removes ended jobs with `keep_until <= now`, at most `limit`; returns how many. Also clears
    /// what else has expired (unique keys, shares), as far as no job depends on it.
    fn prune(&self, limit: usize, now: Timestamp) -> DriverFuture<'_, u64>;

    // ── news ──

    /// Wake-ups from now on, for all queues: see [`Wake`](super::Wake). Sent after the commit that
    /// made jobs available (push, promote, settle, disown, retry, resume), at once for this
    /// process, merged for others; none per job. They may be missed:
    /// [`Capabilities::poll`] says how often to look anyway.
    fn wake(&self) -> Wakes;

    /// Watches one job's end: see [`EndWatch`]. Watch first, [`get`](Inspect::get) second.
    fn watch(&self, job: JobId) -> EndWatch;
}

/// The trait stays object-safe, and a shared driver crosses threads.
const _: fn(std::sync::Arc<dyn Driver>) -> Box<dyn Send + Sync> = |driver| Box::new(driver);
