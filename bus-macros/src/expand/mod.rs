//! From the model to tokens; no decisions about what is right.
//!
//! - responsible for: the code that the user's crate gets, its spans and its hygiene
//! - not responsible for: what may be written (`check/`)
//! - invariant: only tokens of the user carry spans of the user, except punctuation that an
//!   error is to be shown at; all paths go through `names::Bus`
mod call;
mod command;
mod companion;
mod fallback;
mod handler;
mod job;
mod policies;
mod sanitize;
mod spans;

pub(crate) use call::{checked, contract, wire};
pub(crate) use command::command;
pub(crate) use fallback::{inert_command, inert_handler};
pub(crate) use handler::{handler, handlers};
pub(crate) use sanitize::sanitize;

#[cfg(test)]
mod tests;
