//! What editors show for the keys of the attributes: the macros import these names where an
//! analyzer (never the compiler) expands them.
#![allow(non_camel_case_types, missing_debug_implementations)]

/// The keys of `#[command(…)]`.
pub mod command {
    /// `name = "orders.place"`: the stored name; `crate::module::Type` when left out. Give one
    /// before the type moves or is renamed: what is stored under the old name stays readable.
    pub enum name {}
    /// `version = 2`: the version of the payload's shape, from 1 on.
    pub enum version {}
    /// `output = OrderId`: what a dispatch answers; `()` when left out.
    pub enum output {}
    /// `error = OrderError`: what the handler fails with; when left out any error will do.
    pub enum error {}
    /// `remote`: the handler lives in another crate; the linker finds it.
    pub enum remote {}
    /// `validate`: calls the type's own `Validate`; `#[validate(…)]` on fields needs no key.
    pub enum validate {}
    /// `authorize = only_admins`: `fn(&Command, &Context) -> bool` or `-> Result<(), Denied>`.
    pub enum authorize {}
    /// `rate = "100/s burst 20 per account"`: at most so many in a period, for each value of the
    /// named fields; as many at once as `burst` says (the count, when left out).
    pub enum rate {}
    /// `timeout = "5s"`: the handler's future is dropped after so long.
    pub enum timeout {}
    /// `retries = 3`: runs the handler again after it failed; needs `Clone`.
    pub enum retries {}
    /// `backoff = "exponential(1s, max = 1h, jitter)"`, `"fixed(30s)"`, `"list(1s, 10s)"`, or the
    /// path of a `fn(u32) -> Duration`: the pause before each retry.
    pub enum backoff {}
    /// `throttle = "5 failures/10m"`, `throttle("5 failures/10m", only(PayError::Unreachable))`:
    /// after so many failures refuses for as long, then lets one through to try.
    pub enum throttle {}
    /// `middleware = [Audit]`: around this command only, outermost first.
    pub enum middleware {}
}

/// The keys of `#[job(…)]`.
pub mod job {
    pub use super::command::{
        authorize, backoff, error, middleware, name, output, rate, remote, throttle, validate,
        version,
    };
    /// `queue = "emails"`: where it waits; `default` when left out.
    pub enum queue {}
    /// `retries = 3`: attempts after the first, each stored with its due time.
    pub enum retries {}
    /// `timeout = "5s"`: an execution is ended after so long, and counts as a failure.
    pub enum timeout {}
    /// `priority = 9`: how urgent it is in its queue, -100 to 100, higher is sooner.
    pub enum priority {}
    /// `delay = "5m"`: due so long after its dispatch.
    pub enum delay {}
    /// `retry_until = "1d"`: no retry later than so long after its dispatch.
    pub enum retry_until {}
    /// `retain = "7d"`: kept so long once completed, its output with it.
    pub enum retain {}
    /// `tags = ["mail"]`: words to find it by.
    pub enum tags {}
    /// `on_failure = AlertOps`: the job that is stored when this one is dead; it implements
    /// `From<JobFailed>`.
    pub enum on_failure {}
    /// `no_retry(Declined)`: errors after which it is dead at once: variants of the declared
    /// error, or error types where none is declared.
    pub enum no_retry {}
    /// `at_most_once`: if its worker is lost it is dead rather than run a second time; excludes
    /// `retries`.
    pub enum at_most_once {}
}
