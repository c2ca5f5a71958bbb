//! The store in memory: for tests, for jobs that may die with the process, and the reference for
//! the other stores.
//!
//! Responsible for: [`MemoryDriver`].
//!
//! Not responsible for: surviving the process.
//!
//! Invariants:
//! - All of a store is behind one lock; a call holds it for at most
//!   [`MAX_BATCH`](crate::driver::MAX_BATCH) jobs at a time, never across an `await`, and never
//!   while foreign code runs.
//! - A row is in exactly one index, that of its state: `place.rs` is the only file that puts it
//!   there and takes it out.

mod driver;
mod edit;
mod handoff;
mod inspect;
mod jobs;
mod line;
mod look;
mod place;
mod queues;
mod rows;
mod shared;
mod store;
mod upkeep;

pub use driver::MemoryDriver;
