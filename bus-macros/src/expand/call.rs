//! `checked!`, `wire!` and `contract!`.
use crate::model::{Checked, Wire};
use crate::names::{Bus, respan, this_crate};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::Path;
use syn::spanned::Spanned;

/// The value, after the companion was asked for the rules of its literals.
pub(crate) fn checked(checked: &Checked) -> TokenStream {
    let (bus, value) = (&checked.bus, &checked.value);
    let check = checked.companion.as_ref().map(|path| {
        let companion = respan(path.to_token_stream(), Span::call_site());
        let (fields, literals): (Vec<_>, Vec<_>) = checked
            .literals
            .iter()
            .map(|(field, literal)| (crate::names::quiet(field), literal))
            .unzip();
        quote_spanned! {Span::mixed_site()=>
            #companion! { @rules { #bus::rules } { #(#fields (#literals))* } }
        }
    });
    quote_spanned!(Span::mixed_site()=> { #check #value })
}

/// The crates by name, so that they are linked; the contracts' commands, each with a handler;
/// and a test of what a linker may let through.
pub(crate) fn wire(wire: &Wire) -> TokenStream {
    let Wire {
        bus,
        crates,
        contracts,
    } = wire;
    quote_spanned! {Span::mixed_site()=>
        #(#[allow(unused_imports)] use #crates as _;)*
        #(#contracts::__bus_contract! { { #bus } })*
        #[cfg(test)]
        #[test]
        fn every_command_is_handled() {
            if let ::core::result::Result::Err(unwired) = #bus::verify() {
                ::core::panic!("{unwired}");
            }
        }
    }
}

/// A macro that asks for a handler of each command, for `wire!` to call.
pub(crate) fn contract(bus: &Bus, commands: &[Path]) -> TokenStream {
    let name = format_ident!("__bus_contract_{}", this_crate(), span = Span::mixed_site());
    // `$crate` is the crate of the outermost macro that its token came from: it must look like
    // written by the user, or it would be the library that wraps this macro.
    let user = commands.first().map_or_else(Span::call_site, Spanned::span);
    let home = quote_spanned!(user=> $crate);
    quote_spanned! {Span::mixed_site()=>
        const _: () = {
            #(let _ = #bus::Declaration::new::<crate::#commands>();)*
        };
        #[doc(hidden)]
        #[macro_export]
        macro_rules! #name {
            ({ $($bus:tt)* }) => {
                const _: () = {
                    #($($bus)*::handled::<#home::#commands, _>();)*
                };
            };
        }
        #[doc(hidden)]
        #[allow(unused_imports, unreachable_pub)]
        pub use #name as __bus_contract;
    }
}
