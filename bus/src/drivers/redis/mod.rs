//! The store for many machines on Redis, from version 7.0 on, and Valkey.
//!
//! Responsible for: keeping jobs in Redis as [`crate::driver::Driver`] specifies; all of a job's
//! moves are Lua scripts (`scripts/`), so that each is one atomic step.
//!
//! Not responsible for: how durable Redis itself is (its AOF decides: `docs/stores/redis.md`).
//!
//! Invariants:
//! - All keys begin with the store's prefix, whose hash tag puts them into one cluster slot.
//! - A script moves at most a thousand jobs; nothing in it grows with the number of those that wait.
//! - Where a job is tells its state: an entry in exactly one of ready, delayed, a worker's leases,
//!   or the sets of ended ones. `scripts/lib.lua` has the layout.
//! - Rust decides what a time means (due, over); scripts carry it as bytes and as a score.

mod act;
mod connection;
mod driver;
mod hand_off;
mod inspect;
mod jobs;
mod reply;
mod row;
mod schema;
mod scripts;
mod settlement;
mod tick;
mod upkeep;
mod wake;

pub use driver::RedisDriver;
