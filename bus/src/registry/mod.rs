//! What is linked into this program, and whether it fits together.
//!
//! - responsible for: listing commands and handlers, the checks that a linker can't make, leading
//!   from a stored name to its handler
//! - not responsible for: deciding what runs when (`worker`)
//! - invariant: it is read when asked, not once: a library loaded later is seen
mod blocking;
mod caught;
mod erased;
mod error;
mod list;
mod runnables;
mod verify;

pub use erased::Runnable;
pub(crate) use erased::{Broken, Delivery, Ran, Run, with_sources};
pub use error::Unwired;
pub use list::{Entry, HandlerEntry, Registry, registry};
pub(crate) use runnables::{Entry as RunnableEntry, Runnables};
pub use verify::verify;
pub(crate) use verify::{Problem, missing_state};
