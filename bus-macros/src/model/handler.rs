//! A `#[handler]`: what is called with what.
use crate::names::Bus;
use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, Path, Type};

/// A function or method that handles a command.
pub(crate) struct Handler {
    pub(crate) bus: Bus,
    /// The type whose method it is.
    pub(crate) service: Option<Type>,
    pub(crate) receiver: Receiver,
    pub(crate) ident: Ident,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) is_async: bool,
    /// The command's type, as the first argument names it.
    pub(crate) command: Path,
    /// The types of the arguments after it.
    pub(crate) injected: Vec<Type>,
    pub(crate) returns: Return,
}

/// Whether a method takes its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receiver {
    None,
    Ref,
}

/// What a handler returns.
pub(crate) enum Return {
    /// An output alone.
    Plain(Type),
    /// Something whose name ends in `Result`, or a job's `Outcome`.
    Fallible(Type),
}

/// An `impl` block with handlers.
pub(crate) struct HandlerBlock {
    /// The block without the attributes that are ours.
    pub(crate) item: TokenStream,
    pub(crate) handlers: Vec<Handler>,
    /// The ones with mistakes, as far as they were understood.
    pub(crate) broken: Vec<(Bus, Path)>,
}
