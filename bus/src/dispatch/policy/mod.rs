//! The declared policies, as the macros wire them: sanitize, validate, authorize, rate,
//! timeout, retries, throttle, in this order around the handler.
//!
//! Each is a plain function or a static: a command that declares none of them has no code
//! of theirs, and none allocates when it lets the command pass.
mod authorize;
mod breaker;
mod field;
mod gcra;
mod keyed;
mod now;
mod retry;
mod timeout;
mod validate;

pub use authorize::authorize;
pub(super) use breaker::End;
pub use breaker::{Breaker, KeyedBreaker};
pub use field::{KeyField, field};
pub use gcra::{Quota, Rate};
pub use keyed::{Key, KeyedRate, key};
pub(super) use now::nanos;
pub use retry::{Again, retry};
pub(crate) use timeout::too_late;
pub(super) use timeout::within;
pub use timeout::{before, timeout};
pub use validate::{NotDerived, RulesProbe, Validated, validate};
