//! The attribute macros of bus; use them through the bus crate.
//!
//! One door a macro; each goes through parse → model → check → expand (`entry.rs`).
//! What users read about them stands at their re-export in `bus`, where examples compile.
mod check;
mod codes;
mod entry;
mod errors;
mod expand;
mod model;
mod names;
mod parse;

use proc_macro::TokenStream;

/// Declares a command; see `bus::command`.
#[proc_macro_attribute]
pub fn command(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::command(attribute.into(), item.into()).into()
}

/// Declares a job; see `bus::job`.
#[proc_macro_attribute]
pub fn job(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::job(attribute.into(), item.into()).into()
}

/// Makes a function the handler of a command; see `bus::handler`.
#[proc_macro_attribute]
pub fn handler(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::handler(attribute.into(), item.into()).into()
}

/// Makes methods handlers; see `bus::handlers`.
#[proc_macro_attribute]
pub fn handlers(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::handlers(attribute.into(), item.into()).into()
}

/// Implements the cleaning of fields; see `bus::sanitized`.
///
/// Not a derive: its helper `#[sanitize]` would be ambiguous with an attribute of the compiler.
#[proc_macro_attribute]
pub fn sanitized(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::sanitized(attribute.into(), item.into()).into()
}

/// Makes a command of literals that keep their rules; see `bus::checked`.
#[proc_macro]
pub fn checked(call: TokenStream) -> TokenStream {
    entry::checked(call.into()).into()
}

/// Compares the literals of `checked!` with the rules of their fields.
#[doc(hidden)]
#[proc_macro]
pub fn rules(call: TokenStream) -> TokenStream {
    entry::rules(call.into()).into()
}

/// Links the crates with the handlers; see `bus::wire`.
#[proc_macro]
pub fn wire(call: TokenStream) -> TokenStream {
    entry::wire(call.into()).into()
}

/// Lists the commands that `wire!` checks; see `bus::contract`.
#[proc_macro]
pub fn contract(call: TokenStream) -> TokenStream {
    entry::contract(call.into()).into()
}
