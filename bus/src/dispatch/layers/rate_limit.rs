//! `RateLimit`: so many in a period.
use super::super::call::{Call, Verdict};
use super::super::middleware::Middleware;
use super::super::next::Next;
use super::super::policy::{KeyedRate, Quota, Rate};
use super::choice::By;
use crate::command::Error;
use std::fmt;
use std::hash::Hash;
use std::time::Duration;

/// Lets so many through in a period (GCRA) and answers the others
/// `Error::RateLimited { retry_after }`.
///
/// All that meet it count together, or by key where one is given ([`keyed`](Self::keyed)).
/// It counts in this process. For one command declare `rate = "100/s"` instead.
///
/// ```standalone_crate
/// use bus::{Error, layers::RateLimit, prelude::*};
/// use std::time::Duration;
///
/// #[command]
/// struct Login { user: &'static str }
///
/// #[handler]
/// fn login(_: Login) {}
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Two a minute for each user; other commands have no key and pass.
/// let limit = RateLimit::new(2, Duration::from_secs(60))
///     .keyed(|call| call.command(|login: &Login| login.user));
/// let bus = Bus::builder().middleware(limit).build().await?;
/// bus.dispatch(Login { user: "ann" }).await?;
/// bus.dispatch(Login { user: "ann" }).await?;
/// match bus.dispatch(Login { user: "ann" }).await {
///     Err(Error::RateLimited { retry_after, .. }) => assert!(retry_after.as_secs() >= 29),
///     other => panic!("{other:?}"),
/// }
/// bus.dispatch(Login { user: "bob" }).await?;
/// # Ok(()) }
/// ```
pub struct RateLimit {
    count: u32,
    period: Duration,
    limit: Limit,
}

enum Limit {
    All(Rate),
    Keyed(By, KeyedRate),
}

impl RateLimit {
    /// At most `count` in `period`, and as many at once after a quiet time.
    ///
    /// # Panics
    /// If `count` or `period` is zero.
    pub fn new(count: u32, period: Duration) -> Self {
        let quota = quota(count, period, count);
        Self {
            count,
            period,
            limit: Limit::All(Rate::new(quota)),
        }
    }

    /// At most `burst` at once after a quiet time.
    ///
    /// # Panics
    /// If `burst` is zero.
    #[must_use]
    pub fn burst(mut self, burst: u32) -> Self {
        let quota = quota(self.count, self.period, burst);
        self.limit = match self.limit {
            Limit::All(_) => Limit::All(Rate::new(quota)),
            Limit::Keyed(by, _) => Limit::Keyed(by, KeyedRate::new(quota)),
        };
        self
    }

    /// A limit of its own for each key; a dispatch for which `by` gives none passes.
    ///
    /// For each command: `.keyed(|call| Some(call.descriptor().name))`. At most 65 536 busy
    /// keys are remembered, by their hash.
    #[must_use]
    pub fn keyed<K: Hash>(
        mut self,
        by: impl Fn(Call<'_>) -> Option<K> + Send + Sync + 'static,
    ) -> Self {
        let quota = match &self.limit {
            Limit::All(rate) => rate.quota(),
            Limit::Keyed(_, rates) => rates.quota(),
        };
        self.limit = Limit::Keyed(By::new(by), KeyedRate::new(quota));
        self
    }
}

fn quota(count: u32, period: Duration, burst: u32) -> Quota {
    assert!(count > 0, "a rate of zero lets nothing through");
    assert!(!period.is_zero(), "a rate needs a period");
    assert!(burst > 0, "a burst of zero lets nothing through");
    let period = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
    Quota::new(count, period, burst)
}

impl Middleware for RateLimit {
    async fn handle(&self, call: Call<'_>, next: Next<'_>) -> Verdict {
        let taken = match &self.limit {
            Limit::All(rate) => rate.take(),
            Limit::Keyed(by, rates) => by.of(call).map_or(Ok(()), |key| rates.take(key)),
        };
        match taken {
            Ok(()) => next.run().await,
            Err(retry_after) => call.reject(Error::RateLimited {
                command: call.descriptor(),
                retry_after,
            }),
        }
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("count", &self.count)
            .field("period", &self.period)
            .field("keyed", &matches!(self.limit, Limit::Keyed(..)))
            .finish()
    }
}
