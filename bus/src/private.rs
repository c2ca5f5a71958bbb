//! The only paths that generated code may name. Not part of the public API.
pub use crate::backoff::Backoff;
pub use crate::command::*;
pub use crate::dispatch::*;
pub use crate::registry::verify;
pub use inventory;
pub use validator;

/// Asks that `C` has exactly one handler in the linked crates; see `bus::wire!`.
pub const fn handled<C: HandledBy<M>, M>() {}
