//! The only paths that generated code may name. Not part of the public API.
pub use crate::backoff::{Backoff, Jitter};
pub use crate::command::*;
pub use crate::dispatch::*;
pub use crate::error::BoxError;
pub use crate::keys;
pub use crate::registry::verify;
pub use bus_macros::{checked, contract, rules, wire};
pub use inventory;
pub use validator;

/// Asks that `C` has exactly one handler in the linked crates; see `bus::wire!`.
pub const fn handled<C: HandledBy<M>, M>() {}
