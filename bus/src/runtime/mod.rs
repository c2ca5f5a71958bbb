//! Everything that runs, under one shutdown.
//!
//! Responsible for: the worker with the upkeep of its store, signals of the operating system, the
//! bus's methods that start these or look at them.
//!
//! Not responsible for: how a job is run (`worker`) or kept (`drivers`).
//!
//! Invariants:
//! - What was started here has ended when `run` returns.

mod bus;
mod error;
mod signals;
mod worker;

pub use error::RunError;
pub use worker::WorkerBuilder;
