//! What a running program shows of itself.
//!
//! Responsible for: the counters and the pulse that workers write and people read.
//!
//! Not responsible for: deciding anything by them.
//!
//! Invariants:
//! - Reading waits for a worker, and a worker for a reader, no longer than it takes to copy numbers.

mod board;
mod health;
mod stats;

pub(crate) use board::{Board, Pulse};
pub use health::{Health, WorkerHealth};
pub use stats::Stats;
