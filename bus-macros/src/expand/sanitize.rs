//! `impl Sanitize`: each field through its sanitizers, in order.
use super::spans::wholly_at;
use crate::model::{Field, Member, Sanitizer, Shape};
use crate::names::{Bus, quiet};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Generics;
use syn::spanned::Spanned;

/// The implementation for a type of this shape.
pub(crate) fn sanitize(bus: &Bus, name: &Ident, generics: &Generics, shape: &Shape) -> TokenStream {
    let site = Span::mixed_site();
    let name = quiet(name);
    let (parameters, arguments, bounds) = generics.split_for_impl();
    let arms = shape.variants.iter().map(|variant| {
        let cleaned: Vec<(Ident, &Field)> = variant
            .fields
            .iter()
            .filter(|field| !field.sanitizers.is_empty())
            .enumerate()
            .map(|(index, field)| (format_ident!("field{index}", span = site), field))
            .collect();
        let path = match &variant.ident {
            Some(variant) => {
                let variant = quiet(variant);
                quote_spanned!(site=> Self::#variant)
            }
            None => quote_spanned!(site=> Self),
        };
        let patterns = cleaned.iter().map(|(binding, field)| {
            let cfgs = &field.cfgs;
            match &field.member {
                Member::Named(ident) => {
                    let ident = quiet(ident);
                    quote_spanned!(site=> #(#cfgs)* #ident: #binding,)
                }
                Member::Indexed(index) => {
                    let index = syn::Index::from(*index as usize);
                    quote_spanned!(site=> #(#cfgs)* #index: #binding,)
                }
            }
        });
        let steps = cleaned.iter().map(|(binding, field)| {
            let cfgs = &field.cfgs;
            let steps = field
                .sanitizers
                .iter()
                .map(|sanitizer| step(bus, binding, sanitizer));
            quote_spanned!(site=> #(#cfgs)* { #(#steps)* })
        });
        let cfgs = &variant.cfgs;
        quote_spanned!(site=> #(#cfgs)* #path { #(#patterns)* .. } => { #(#steps)* })
    });
    // An enum without variants has nothing to match.
    let body = match shape.variants.is_empty() {
        true => quote_spanned!(site=> match *self {}),
        false => quote_spanned!(site=> match self { #(#arms)* }),
    };
    quote_spanned! {site=>
        #[diagnostic::do_not_recommend]
        #[allow(deprecated)]
        impl #parameters #bus::Sanitize for #name #arguments #bounds {
            fn sanitize(&mut self) { #body }
        }
    }
}

/// One sanitizer; what does not fit is shown at its word.
fn step(bus: &Bus, field: &Ident, sanitizer: &Sanitizer) -> TokenStream {
    let site = Span::mixed_site();
    match sanitizer {
        Sanitizer::Text(word) => {
            let call = quiet(word);
            let argument = wholly_at(word.span(), quote!(#field));
            quote_spanned!(site=> #bus::#call(#argument);)
        }
        Sanitizer::With(path) => {
            let argument = wholly_at(path.span(), quote_spanned!(site=> &mut *#field));
            quote_spanned!(site=> #path(#argument);)
        }
        Sanitizer::Nested(at) => {
            let argument = wholly_at(*at, quote!(#field));
            quote_spanned!(site=> #bus::Sanitize::sanitize(#argument);)
        }
    }
}
