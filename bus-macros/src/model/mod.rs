//! What was understood: plain data between parsing and expanding.
//!
//! - responsible for: the shape of what each macro was told, with the spans to complain at
//! - not responsible for: reading tokens (`parse/`), rules across values (`check/`), output (`expand/`)
//! - invariant: a value of the model is well-formed by itself
mod call;
mod command;
mod handler;
mod job;
mod policy;
mod sanitize;

pub(crate) use call::{Checked, RuleCheck, Wire};
pub(crate) use command::{Command, Field, Member, Options, Rules, Set, Shape, Variant};
pub(crate) use handler::{Handler, HandlerBlock, Receiver, Return};
pub(crate) use job::{Derived, JobKeys, only_ident};
pub(crate) use policy::{Backoff, Period, Rate, Throttle, UNITS, path_text};
pub(crate) use sanitize::Sanitizer;
