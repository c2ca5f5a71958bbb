//! The stores.
//!
//! Responsible for: keeping jobs as [`crate::driver::Driver`] specifies, one folder a store with
//! the same file names in each, and opening the store that a URL names.
//!
//! Not responsible for: what is kept when (`queue`, `worker`).
//!
//! Invariants:
//! - A store knows no other store.
//! - Each passes the whole conformance suite (`testing::conformance`).

mod connect;
mod memory;

pub use connect::connect;
pub use memory::MemoryDriver;
