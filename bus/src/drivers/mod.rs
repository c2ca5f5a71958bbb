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

#[cfg(any(feature = "postgres", feature = "redis"))]
mod batcher;
mod connect;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod tls;

pub use connect::connect;
pub use memory::MemoryDriver;
#[cfg(feature = "postgres")]
pub use postgres::PostgresDriver;
#[cfg(feature = "redis")]
pub use redis::RedisDriver;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteDriver;
