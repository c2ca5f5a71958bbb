//! For tests: of applications, and of stores.
//!
//! Responsible for: the conformance suite that each store passes.
//!
//! Not responsible for: anything a program needs at run time; behind the feature `testing`.
//!
//! Invariants:
//! - No check waits for time to pass: times are passed in.

pub mod conformance;
