//! `#[validate(…)]` as far as literals can be compared with it: `range` and `length`.
use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

/// The `range(…)` and `length(…)` of an attribute, as written. What can't be read is the
/// business of the `validator` crate, which complains itself.
pub(crate) fn literal_rules(attribute: &Attribute) -> TokenStream {
    rules(attribute)
        .into_iter()
        .filter(|rule| matches!(rule, Meta::List(list) if list.path.is_ident("range") || list.path.is_ident("length")))
        .map(|rule| quote!(#rule,))
        .collect()
}

/// Whether the attribute says `nested`.
pub(crate) fn is_nested(attribute: &Attribute) -> bool {
    rules(attribute)
        .iter()
        .any(|rule| rule.path().is_ident("nested"))
}

fn rules(attribute: &Attribute) -> Vec<Meta> {
    attribute
        .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
        .map(|rules| rules.into_iter().collect())
        .unwrap_or_default()
}
