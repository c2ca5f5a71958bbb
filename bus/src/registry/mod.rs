//! What is linked into this program, and whether it fits together.
//!
//! - responsible for: listing commands and handlers, the checks that a linker can't make
//! - not responsible for: running anything
//! - invariant: it is read when asked, not once: a library loaded later is seen
mod error;
mod list;
mod verify;

pub use error::Unwired;
pub use list::{Entry, HandlerEntry, Registry, registry};
pub use verify::verify;
pub(crate) use verify::{Problem, missing_state};
