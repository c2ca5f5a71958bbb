//! Jobs on PostgreSQL: many machines, one store.
//!
//! Responsible for: the driver of `postgres://` URLs, its schema, and jobs stored or settled in
//! the caller's own transaction.
//!
//! Not responsible for: pools of the application; the driver has a handful of connections of its
//! own, opened when first used.
//!
//! Invariants:
//! - Each call is one statement, or one transaction that ends before the call returns. No
//!   transaction waits for a caller.
//! - Who waits for row locks takes them by id, ascending; all others skip locked rows.
//! - A claim's commit is asynchronous; every other commit is as durable as the server is set.
//! - Statements name their tables with the schema; nothing depends on a session's state but speed.

mod claim;
mod connection;
mod driver;
mod edit;
mod fault;
mod floor;
mod inspect;
mod names;
mod push;
mod rows;
mod schema;
mod select;
mod settle;
mod sql;
mod store;
mod transaction;
mod upkeep;
mod wake;

pub use driver::PostgresDriver;
