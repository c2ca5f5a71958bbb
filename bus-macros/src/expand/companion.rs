//! The companion: a hidden macro of the command's own name, which knows where its handler goes.
//!
//! Types and macros have names apart, so `use contracts::PlaceOrder` imports both. `#[handler]`
//! can't see the command's declaration; it gives the companion the code for both routes, and
//! the companion answers with the right one. `checked!` asks it for the rules of the fields.
use crate::codes;
use crate::model::{Command, Member};
use crate::names::{CommandNames, quiet, this_crate};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Visibility;

/// Which code of a handler is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The implementation of `Handled`, in the command's crate only.
    Local,
    /// The exported entry point.
    Remote,
    /// None: the command has mistakes.
    Inert,
}

/// The macro and its name.
pub(super) fn companion(command: &Command, names: &CommandNames, kind: Kind) -> TokenStream {
    let site = Span::mixed_site();
    let (companion, cfgs) = (&names.companion, &command.cfgs);
    let (arms, rules) = (arms(command, names, kind), rules(command));
    // Another span than the user's: his name must lead to the type alone.
    let mut alias = command.ident.clone();
    alias.set_span(Span::call_site());
    let definition = quote_spanned! {site=>
        macro_rules! #companion { #arms #rules }
    };
    match &command.vis {
        Visibility::Public(_) => quote_spanned! {site=>
            #(#cfgs)*
            #[doc(hidden)]
            #[allow(non_local_definitions)]
            #[macro_export]
            #definition
            #(#cfgs)*
            #[doc(hidden)]
            #[allow(unused_imports, unreachable_pub)]
            pub use #companion as #alias;
        },
        _ => quote_spanned! {site=>
            #(#cfgs)*
            #[allow(unused_macros)]
            #definition
            #(#cfgs)*
            #[allow(unused_imports)]
            pub(crate) use #companion as #alias;
        },
    }
}

fn arms(command: &Command, names: &CommandNames, kind: Kind) -> TokenStream {
    let site = Span::mixed_site();
    let krate = this_crate();
    let symbol = &names.symbol;
    // A worker runs jobs: only their handlers say so.
    let job = command.options.job.as_ref();
    let job = job.map(|_| quote_spanned!(site=> $($job)*));
    match kind {
        Kind::Local => {
            let name = &command.ident;
            let message = format!(
                "`{name}` is a command of crate `{krate}`, so its handler must be there too; to handle it from \
                 another crate declare it `#[command(remote, …)]` [{}]",
                codes::FOREIGN_HANDLER.number
            );
            quote_spanned! {site=>
                (@from #krate @local {$($local:tt)*} @remote {$($remote:tt)*} @job {$($job:tt)*}) => { $($local)* #job };
                (@from $other:literal @local {$($local:tt)*} @remote {$($remote:tt)*} @job {$($job:tt)*}) => {
                    ::core::compile_error! { #message }
                };
            }
        }
        Kind::Remote => quote_spanned! {site=>
            (@symbol) => { #symbol };
            (@from $any:literal @local {$($local:tt)*} @remote {$($remote:tt)*} @job {$($job:tt)*}) => { $($remote)* #job };
        },
        Kind::Inert => quote_spanned! {site=>
            (@from $any:literal @local {$($local:tt)*} @remote {$($remote:tt)*} @job {$($job:tt)*}) => {};
        },
    }
}

/// The rules that a literal can be compared with. A sanitizer may yet heal a text, so fields
/// that have one are left to the run.
fn rules(command: &Command) -> TokenStream {
    let fields = command
        .shape
        .fields()
        .filter_map(|field| match &field.member {
            Member::Named(ident)
                if !command.shape.is_enum
                    && !field.rules.is_empty()
                    && field.sanitizers.is_empty() =>
            {
                let (ident, rules) = (
                    quiet(ident),
                    crate::names::respan(field.rules.clone(), Span::mixed_site()),
                );
                Some(quote!(#ident { #rules }))
            }
            _ => None,
        });
    quote_spanned! {Span::mixed_site()=>
        (@rules {$($call:tt)*} {$($found:tt)*}) => { $($call)* ! { {$($found)*} { #(#fields)* } } };
    }
}
