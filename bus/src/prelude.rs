//! The names that most files with commands use: `use bus::prelude::*;`.
pub use crate::clock::{DAY, HOUR, MINUTE, SECOND};
pub use crate::command::{Command, Context, Denied, FromContext, Principal, Rejection, State};
pub use crate::dispatch::{Call, Middleware, Next, Verdict};
pub use crate::facade::Bus;
pub use crate::job::Outcome;
pub use crate::macros::{command, handler, handlers, job, sanitized};
pub use crate::queue::JobExt;
