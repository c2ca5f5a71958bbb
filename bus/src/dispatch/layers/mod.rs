//! The provided middleware, one a file.
//!
//! All of them serve a bus (`Bus::builder().middleware(…)`) and a command
//! (`#[command(middleware = […])]`). Given to a bus they meet every command; those that keep
//! something per key take a function of the [`Call`](crate::Call), which may choose the
//! commands too.
//!
//! | middleware | what it does |
//! | --- | --- |
//! | [`Trace`] | a span for each dispatch, an event for each failure |
//! | [`Catch`] | panics become `Error::Panicked` |
//! | [`Translate`] | makes another answer of the answer of one command |
//! | [`Cache`] | remembers outputs by key; the same at once is asked once |
//! | [`RateLimit`] | so many in a period |
//! | [`Throttle`] | circuit breaker: refuses for a while after failures |
//! | [`Retry`] | runs again what failed |
//! | [`Timeout`] | waits so long and no longer |
//! | [`Overlap`] | one at a time |
//! | [`tower()`] | any `tower::Layer` (feature `tower`) |
//! | [`from_fn`] | a closure |
//!
//! What a command always needs is better declared on it (`rate`, `timeout`, `retries`,
//! `throttle`): that is wired when it compiles and costs no allocation.
//!
//! The first one given is the outermost. A good order: `Trace`, `Catch`, `Cache`, limits,
//! `Retry`, `Timeout`: each run of `Retry` then has its own time, and none of the limits
//! counts a cached answer.
//!
//! - responsible for: what many programs want around their handlers
//! - not responsible for: the declared policies (`policy/`), whose counters it shares
//! - invariant: cancelled or panicking at any point, a dispatch gives back what it holds
mod cache;
mod cache_store;
mod catch;
mod choice;
mod from_fn;
mod held;
mod overlap;
mod rate_limit;
mod retry;
mod throttle;
mod timeout;
#[cfg(feature = "tower")]
mod tower;
#[cfg(feature = "tower")]
mod tower_service;
mod trace;
mod translate;

pub use super::chain::Row;
pub use cache::Cache;
pub use catch::Catch;
pub use from_fn::from_fn;
pub use overlap::Overlap;
pub use rate_limit::RateLimit;
pub use retry::Retry;
pub use throttle::Throttle;
pub use timeout::Timeout;
#[cfg(feature = "tower")]
pub use tower::{Tower, tower};
#[cfg(feature = "tower")]
pub use tower_service::{Gone, Inner, Pending, Reply, Ticket};
pub use trace::Trace;
pub use translate::Translate;
