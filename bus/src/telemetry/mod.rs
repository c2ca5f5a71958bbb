//! What a running program shows of itself.
//!
//! Responsible for: the counters and the pulse that workers write and people read.
//!
//! Not responsible for: deciding anything by them.
//!
//! Invariants:
//! - Reading never waits for a worker, and a worker never waits for a reader.

mod board;
mod health;
mod stats;

pub(crate) use board::{Board, Pulse};
pub use health::{Health, WorkerHealth};
pub use stats::Stats;
