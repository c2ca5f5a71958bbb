//! The function-like macros: `checked!`, the rules it asks for, `wire!` and `contract!`.
use crate::names::Bus;
use proc_macro2::{Ident, TokenStream};
use syn::{Lit, Path};

/// `checked!(X { field: value, … })`
pub(crate) struct Checked {
    pub(crate) bus: Bus,
    /// The value, its text literals converted.
    pub(crate) value: TokenStream,
    /// The companion macro to ask for rules: not for the variants of an enum.
    pub(crate) companion: Option<Path>,
    /// The fields whose value is a literal, with its sign.
    pub(crate) literals: Vec<(Ident, TokenStream)>,
}

/// The literal of one field and one of its rules.
pub(crate) struct RuleCheck {
    pub(crate) field: Ident,
    pub(crate) tokens: TokenStream,
    pub(crate) negative: bool,
    pub(crate) literal: Lit,
    /// `range` or `length`.
    pub(crate) rule: Ident,
    /// `min = 1` and the like, where the bound is a literal.
    pub(crate) bounds: Vec<(Ident, TokenStream)>,
}

/// `wire!(app, billing; contracts)`
pub(crate) struct Wire {
    pub(crate) bus: Bus,
    pub(crate) crates: Vec<Path>,
    pub(crate) contracts: Vec<Path>,
}
