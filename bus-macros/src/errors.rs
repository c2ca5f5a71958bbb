//! `Errors`: gathers every mistake of one item, and can't be forgotten.
use crate::codes::Code;
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use std::fmt::Display;

/// One mistake: where, what, and its number.
#[derive(Debug)]
pub(crate) struct Mistake {
    code: &'static Code,
    error: syn::Error,
}

impl Mistake {
    /// Underlines all of `tokens`.
    pub(crate) fn at(code: &'static Code, tokens: impl ToTokens, message: impl Display) -> Self {
        Self {
            code,
            error: syn::Error::new_spanned(tokens, message),
        }
    }

    /// Underlines one token.
    pub(crate) fn on(code: &'static Code, span: Span, message: impl Display) -> Self {
        Self {
            code,
            error: syn::Error::new(span, message),
        }
    }

    /// What `syn` did not understand, under our number.
    pub(crate) fn of(code: &'static Code, error: syn::Error) -> Self {
        Self { code, error }
    }

    fn into_tokens(self) -> TokenStream {
        let number = self.code.number;
        let numbered = self.error.into_iter().map(|one| {
            let message = format!("{one} [{number}]");
            // `syn` keeps both ends of the range in the tokens only: respan the text, keep the ends.
            retext(one.to_compile_error(), &message)
        });
        numbered.collect()
    }
}

/// Replaces the text of a `compile_error!` call, keeping all spans.
fn retext(tokens: TokenStream, message: &str) -> TokenStream {
    use proc_macro2::{Group, Literal, TokenTree};
    tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Literal(old) => {
                let mut new = Literal::string(message);
                new.set_span(old.span());
                TokenTree::Literal(new)
            }
            TokenTree::Group(old) => {
                let mut new = Group::new(old.delimiter(), retext(old.stream(), message));
                new.set_span(old.span());
                TokenTree::Group(new)
            }
            other => other,
        })
        .collect()
}

/// All mistakes of one item. Dropping it unread panics in a debug build: a mistake that
/// nobody is told about would turn into wrong code.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    found: Vec<Mistake>,
    read: bool,
}

impl Errors {
    pub(crate) fn push(&mut self, mistake: Mistake) {
        self.found.push(mistake);
    }

    /// Underlines all of `tokens`.
    pub(crate) fn at(&mut self, code: &'static Code, tokens: impl ToTokens, message: impl Display) {
        self.push(Mistake::at(code, tokens, message));
    }

    /// Underlines one token.
    pub(crate) fn on(&mut self, code: &'static Code, span: Span, message: impl Display) {
        self.push(Mistake::on(code, span, message));
    }

    /// The value, or its mistake is kept.
    pub(crate) fn take<T>(&mut self, result: Result<T, Mistake>) -> Option<T> {
        result.map_err(|mistake| self.push(mistake)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The `compile_error!`s of all of them.
    pub(crate) fn into_tokens(mut self) -> TokenStream {
        self.read = true;
        self.found.drain(..).map(Mistake::into_tokens).collect()
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        if cfg!(debug_assertions) && !self.read && !std::thread::panicking() {
            panic!("errors were dropped unread: {:?}", self.found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes;
    use quote::quote;

    #[test]
    fn every_mistake_is_told_with_its_number() {
        let mut errors = Errors::default();
        errors.at(&codes::BAD_RATE, quote!(a b), "first");
        errors.on(&codes::KEY_TWICE, Span::call_site(), "second");
        let text = errors.into_tokens().to_string();
        assert!(text.contains("\"first [BUS014]\""), "{text}");
        assert!(text.contains("\"second [BUS011]\""), "{text}");
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "dropped unread")]
    fn forgetting_them_is_impossible() {
        drop(Errors::default());
    }
}
