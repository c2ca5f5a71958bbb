//! From tokens to the model: what is written, each piece by itself.
//!
//! - responsible for: the grammar of attributes, literals, items and macro calls
//! - not responsible for: rules across several values (`check/`)
//! - invariant: a mistake in one piece never hides one in another
mod block;
mod call;
mod command;
mod function;
mod item;
mod job;
mod keys;
mod literals;
mod owned;
mod policies;
mod rules;
mod sanitize;

pub(crate) use block::block;
pub(crate) use call::{checked, contract, rule_checks, wire};
pub(crate) use command::options;
pub(crate) use function::{RawFn, function, handler_options};
pub(crate) use item::{command, sanitized};
pub(crate) use job::job_options;
