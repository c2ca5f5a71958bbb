//! Running stored jobs.
//!
//! Responsible for: taking jobs for free slots, running them, telling the store the outcomes, the
//! worker's lease, cancellation, an orderly end.
//!
//! Not responsible for: jobs of other workers (`maintain`), signals and several workers (`runtime`).
//!
//! One task (the pump) talks to the store about jobs: it gathers outcomes while its last call is
//! under way and asks for new jobs with the same call. A few lanes, one a thread of the runtime,
//! begin the jobs: one that ends without waiting is done there and then, any other goes on as a
//! task of its own. A lane takes a slice of short jobs at once onto its desk, so that it seldom
//! needs what all share; an idle lane takes over what waits on another's desk.
//!
//! Invariants:
//! - Each job taken is settled, or given back, or left to its lease: none is forgotten.
//! - No failure of the store, of a job, or of its code ends a worker.
//! - A job is in one place of the hub at any time: ready, on a desk, in a lane's hands, running,
//!   done, on its way to the store.

mod config;
mod desk;
mod execute;
mod handoff;
mod heartbeat;
mod hub;
mod lane;
mod limit;
mod outcome;
mod pump;
mod queues;
mod settle;
mod wait;
mod work;

pub(crate) use config::Config;
pub(crate) use queues::QueueOrder;
pub(crate) use work::{Signals, Worker};
