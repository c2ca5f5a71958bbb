//! The embedded store: one SQLite file, no server.
//!
//! Responsible for: [`SqliteDriver`], its schema, its threads. One thread writes: what arrives
//! while a commit is on its way goes together into the next, so a full flush to the disk is shared
//! by all who wait for it. Two threads read, for people.
//!
//! Not responsible for: anything of a job that [`crate::driver`] decides for all stores.
//!
//! Invariants:
//! - Every change is made by the writer thread inside `BEGIN IMMEDIATE`, or inside a transaction
//!   of the user's; what reads never holds a lock that stops it.
//! - Work may be rolled back and run again: it touches nothing but the transaction; what others
//!   learn (wake-ups, ends, hand-offs) is gathered in `Effects` and told after the commit.
//! - Commits wait for the disk unless losing them only runs a job again (claims, heartbeats).
//! - Tables of ours begin with `bus_`; the user's own may be in the same file.

mod connection;
mod desk;
mod driver;
mod fault;
mod group;
mod insert;
mod inside;
mod inspect;
mod jobs;
mod readers;
mod rows;
mod schema;
mod select;
mod settle;
mod upkeep;
mod wake;
mod writer;

pub use driver::SqliteDriver;
