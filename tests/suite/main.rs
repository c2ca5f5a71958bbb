//! The one test binary: a module a behaviour.
#![allow(
    clippy::needless_pass_by_value,
    reason = "handlers take what they are given"
)]
#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is the failure, in its helpers too"
)]

mod architecture;
mod cache;
mod drivers;
mod layers;
mod middleware;
mod queue;
mod rescue;
mod retry;
mod shutdown;
mod timeout;
mod tower;
mod work;
mod worker;
