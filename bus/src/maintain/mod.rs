//! The upkeep of the store: what no worker does for its own jobs.
//!
//! Responsible for: due jobs become available, jobs of lost workers are tried again or end, ended
//! jobs go after their time.
//!
//! Not responsible for: running jobs (`worker`).
//!
//! Invariants:
//! - Any process may do it at any time, several at once: the store fences each step.
//! - Each step is bounded; a full one is followed at once by the next.
//! - A store that fails is asked again later.

mod promote;
mod prune;
mod rescue;
mod upkeep;

pub(crate) use upkeep::Upkeep;
