//! The words of `#[sanitize(…)]` on a field.
use super::keys::unknown;
use crate::codes;
use crate::errors::{Errors, Mistake};
use crate::model::Sanitizer;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, Meta, Path, Token};

const WORDS: [&str; 6] = [
    "trim",
    "lowercase",
    "uppercase",
    "collapse_whitespace",
    "with",
    "nested",
];

/// The sanitizers of one attribute, in the order they act.
pub(crate) fn sanitizers(attribute: &Attribute, errors: &mut Errors) -> Vec<Sanitizer> {
    let Meta::List(list) = &attribute.meta else {
        let message = "say how, for example `#[sanitize(trim, lowercase)]`";
        errors.at(&codes::BAD_SANITIZE, &attribute.meta, message);
        return Vec::new();
    };
    let words = (|input: ParseStream<'_>| {
        Punctuated::<Result<Sanitizer, Mistake>, Token![,]>::parse_terminated_with(input, one)
    })
    .parse2(list.tokens.clone());
    match words {
        Ok(words) if words.is_empty() => {
            let message = "say how, for example `#[sanitize(trim, lowercase)]`";
            errors.at(&codes::BAD_SANITIZE, &attribute.meta, message);
            Vec::new()
        }
        Ok(words) => words
            .into_iter()
            .filter_map(|word| errors.take(word))
            .collect(),
        Err(error) => {
            errors.push(Mistake::of(&codes::BAD_SANITIZE, error));
            Vec::new()
        }
    }
}

fn one(input: ParseStream<'_>) -> syn::Result<Result<Sanitizer, Mistake>> {
    let word: Ident = input.parse()?;
    if word == "with" {
        let known = "`with` needs the path of a function, for example `with = clean`";
        input
            .parse::<Token![=]>()
            .map_err(|_| syn::Error::new(word.span(), known))?;
        let path: Path = input
            .parse()
            .map_err(|error| syn::Error::new(error.span(), known))?;
        return Ok(Ok(Sanitizer::With(path)));
    }
    if word == "nested" {
        return Ok(Ok(Sanitizer::Nested(word.span())));
    }
    if WORDS.iter().any(|known| word == known) {
        return Ok(Ok(Sanitizer::Text(word)));
    }
    // What stands behind an unknown word is its own affair.
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(Err(unknown(
        &codes::BAD_SANITIZE,
        "sanitizer",
        &word,
        WORDS.iter().copied(),
    )))
}
