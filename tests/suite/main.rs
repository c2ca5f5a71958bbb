//! The one test binary: a module a behaviour.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "handlers take what they are given"
)]
mod cache;
mod layers;
mod middleware;
mod tower;
