//! The sanitizers of one field.
use proc_macro2::{Ident, Span};
use syn::Path;

/// One word of `#[sanitize(…)]`.
#[derive(Clone, Debug)]
pub(crate) enum Sanitizer {
    /// `trim`, `lowercase`, `uppercase`, `collapse_whitespace`.
    Text(Ident),
    /// `with = path`
    With(Path),
    /// `nested`: the field's own `Sanitize`.
    Nested(Span),
}
