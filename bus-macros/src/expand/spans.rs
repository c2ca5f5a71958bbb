//! Where an error is shown, without showing generated code there in an editor.
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};

/// The same tokens, of which punctuation, groups, `impl` and `Self` are shown at `place`.
///
/// The compiler then points there, while an editor finds no identifier but the user's: one
/// position must not lead to several definitions. Resolution stays as it was.
pub(super) fn shown_at(place: Span, tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            let marks = match &token {
                TokenTree::Punct(_) | TokenTree::Group(_) => true,
                TokenTree::Ident(word) => word == "impl" || word == "Self",
                TokenTree::Literal(_) => false,
            };
            if marks {
                let span = token.span().located_at(place);
                token.set_span(span);
            }
            token
        })
        .collect()
}

/// The same tokens, all of them shown at `place`: at a text or at a word of an attribute, where an
/// editor looks for nothing.
pub(super) fn wholly_at(place: Span, tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .map(|token| {
            let span = token.span().located_at(place);
            let mut token = match token {
                TokenTree::Group(group) => {
                    let inside = wholly_at(place, group.stream());
                    TokenTree::Group(Group::new(group.delimiter(), inside))
                }
                other => other,
            };
            token.set_span(span);
            token
        })
        .collect()
}

/// The line of an identifier; 0 outside a compiler.
pub(super) fn line(ident: &Ident) -> u32 {
    if !proc_macro::is_available() {
        return 0;
    }
    u32::try_from(ident.span().unwrap().line()).unwrap_or(0)
}
