//! Each store against the conformance suite, and what is particular to it.

mod memory;
mod postgres;
mod redis;
mod sqlite;
