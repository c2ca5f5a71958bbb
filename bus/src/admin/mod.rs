//! All that people may do with stored jobs, for code, command line and dashboard.
//!
//! Responsible for: looking, repairing, steering, in calls of any size.
//!
//! Not responsible for: showing it (`cli`, `dashboard`).
//!
//! Invariants:
//! - Bounded steps: a call over a million jobs is many short ones for the store.

mod jobs;

pub use jobs::Jobs;
