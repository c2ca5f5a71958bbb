//! What the application lets travel with its jobs: extensions of a context.

use std::collections::BTreeMap;

/// Values that travel with each job that is dispatched in a context, and with what that job
/// dispatches: a tenant, a request's origin. Kept in each stored job, so keep it small.
///
/// ```
/// use bus::prelude::*;
/// use bus::Baggage;
///
/// let cx = Context::new().with_extension(Baggage::of("tenant", "acme"));
/// assert_eq!(cx.extension::<Baggage>().and_then(|all| all.get("tenant")), Some("acme"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baggage(pub BTreeMap<String, String>);

impl Baggage {
    /// With one value.
    pub fn of(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self::default().with(key, value)
    }

    /// The same with one more value.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.insert(key.into(), value.into());
        self
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

/// The W3C trace context of the request: what came in its `traceparent` and `tracestate` headers.
/// It travels with each job and is there again, as an extension of the context, where the job runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// `traceparent`: `00-<trace id>-<span id>-<flags>`.
    pub parent: String,
    /// `tracestate`, if there is one.
    pub state: Option<String>,
}
