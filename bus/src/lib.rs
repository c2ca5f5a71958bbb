//! Declarative command bus and durable jobs, checked at build time.
//!
//! [guide]: crate::guide
//! [errors]: crate::guide::errors
#![doc = include_str!("../../README.md")]
#![forbid(unsafe_code)]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod backoff;
pub mod clock;
pub mod codec;
mod command;
mod dispatch;
pub mod driver;
pub mod drivers;
mod error;
mod extensions;
mod facade;
pub mod guide;
pub mod id;
pub mod job;
#[doc(hidden)]
pub mod keys;
mod macros;
pub mod prelude;
mod registry;
#[cfg(feature = "testing")]
pub mod testing;

pub use command::{
    Answer, Cause, Command, Context, Denied, Descriptor, Error, ErrorKind, FromContext,
    IntoDecision, Invalid, Kind, MessageId, Need, NeedKind, Panicked, Principal, Rejection,
    Sanitize, State,
};
pub use dispatch::{
    Call, Dispatch, Failure, Middleware, Next, Running, Scope, Verdict, WrongType, layers,
};
pub use error::BoxError;
pub use extensions::Extensions;
pub use facade::{AlreadyInstalled, Builder, Bus, dispatch};
pub use macros::{command, handler, handlers, sanitized};
pub use registry::{Entry, HandlerEntry, Registry, Unwired, registry, verify};
/// The crate of the `#[validate(…)]` rules: for rules of your own and for what is nested in
/// commands, so that you need not depend on it.
///
/// ```
/// use bus::prelude::*;
/// use bus::validator::{Validate, ValidationError};
///
/// #[derive(Validate)]
/// #[validate(crate = "bus::validator")]
/// struct Line {
///     #[validate(range(min = 1), custom(function = even))]
///     quantity: u32,
/// }
///
/// fn even(quantity: u32) -> Result<(), ValidationError> {
///     if quantity % 2 == 0 { Ok(()) } else { Err(ValidationError::new("even")) }
/// }
///
/// #[command]
/// struct Order {
///     #[validate(nested)]
///     lines: Vec<Line>,
/// }
///
/// #[handler]
/// fn order(_: Order) {}
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let lines = vec![Line { quantity: 2 }, Line { quantity: 3 }];
/// let error = bus::dispatch(Order { lines }).await.unwrap_err();
/// assert!(error.to_string().ends_with("lines[1].quantity: even"), "{error}");
/// # }
/// ```
pub use validator;
