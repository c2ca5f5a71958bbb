//! The short way: a job stored already leased to a worker of the same process.

use std::fmt;

use super::claim::Claimed;
use crate::id::{QueueName, WorkerId};

/// A worker's counter for jobs that need not wait. Implemented by the worker, used by a driver
/// while it stores: `reserve`, then commit, then exactly one of `deliver` and `release` for what
/// was reserved. All methods return at once.
///
/// The driver calls `reserve` per flush and queue, for jobs that are due now. Reserved jobs are
/// stored as `running`, by [`worker`](Self::worker), delivery 1: no claim is ever written.
pub trait HandOff: fmt::Debug + Send + Sync {
    /// Whose lease the jobs get. It has sent a heartbeat.
    fn worker(&self) -> WorkerId;

    /// How many of `wanted` jobs of this queue the worker takes at once; they are its own until
    /// delivered or released. 0 unless it has free slots and has reason to think that no other
    /// job waits in the queue (its last claim came back short and no wake-up came since), so that
    /// nobody is overtaken; 0 as well while it drains, or while a
    /// [`disown`](super::Driver::disown) is under way.
    fn reserve(&self, queue: &QueueName, wanted: usize) -> usize;

    /// The commit is done: here they are.
    fn deliver(&self, jobs: Vec<Claimed>);

    /// `count` reserved jobs will not come: they were duplicates, their queue is paused, or the
    /// commit failed. If it is unknown whether the commit took effect, `unsure` is true and the
    /// worker disowns.
    fn release(&self, queue: &QueueName, count: usize, unsure: bool);
}
