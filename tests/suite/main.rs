//! The one test binary: a module a behaviour.
#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is the failure, in its helpers too"
)]

mod architecture;
