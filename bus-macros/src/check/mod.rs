//! Rules across several values; each mistake is told where it is.
//!
//! - responsible for: what can't be seen in one piece alone
//! - not responsible for: reading tokens (`parse/`), output (`expand/`)
//! - invariant: what passes expands to code that means what was written
mod command;
mod handler;
mod job;
mod rule;
mod types;

pub(crate) use command::command;
pub(crate) use handler::{Place, guess, handler, method_name};
pub(crate) use job::job;
pub(crate) use rule::broken;
