//! The one test binary: a module a behaviour.
#![allow(
    clippy::needless_pass_by_value,
    reason = "handlers take what they are given"
)]
#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is the failure, in its helpers too"
)]

mod admin;
mod after_commit;
mod architecture;
mod authorization;
mod cache;
mod dispatch;
mod drivers;
mod faults;
mod lanes;
mod layers;
mod middleware;
mod opening;
mod policies;
mod queue;
mod rate;
mod registry;
mod rescue;
mod retry;
mod scope;
mod shutdown;
mod skew;
mod stores;
mod timeout;
mod tls;
mod tower;
mod transaction;
mod validation;
mod work;
mod worker;
