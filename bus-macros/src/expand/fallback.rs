//! What is emitted beside an error, so that one mistake gives one message.
use super::command::{dispatch, implementation, item, keys};
use super::companion::{self, Kind};
use crate::model::Command;
use crate::names::{Bus, CommandNames, respan, this_crate, unraw};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Path;

/// A command that is one for the rest of the crate: it can be dispatched and handled, and
/// never runs, since the crate does not build.
pub(crate) fn inert_command(command: &Command) -> TokenStream {
    let bus = &command.bus();
    let names = &CommandNames::of(&command.ident);
    let route = quote_spanned! {Span::mixed_site()=>
        fn __route(
            self,
            _: &#bus::Context,
        ) -> impl ::core::marker::Send + ::core::future::Future<Output = #bus::Answer<Self>> {
            ::core::future::pending()
        }
    };
    let parts = [
        item(bus, command),
        implementation(bus, command, &route),
        dispatch(bus, command),
        companion::companion(command, names, Kind::Inert),
        match command.options.job {
            Some(_) => super::job::inert(bus, command),
            None => TokenStream::new(),
        },
        keys(bus, command),
    ];
    let parts: TokenStream = parts.into_iter().collect();
    quote!(#parts)
}

/// A handler for the command that a function with mistakes was meant for. Inside an `impl` block,
/// with the name of its `method`, it takes a constant that has a name.
pub(crate) fn inert_handler(bus: &Bus, command: &Path, method: Option<&Ident>) -> TokenStream {
    let krate = this_crate();
    let companion = respan(command.to_token_stream(), Span::call_site());
    let constant = match method {
        None => quote_spanned!(Span::mixed_site()=> _),
        Some(method) => {
            let name = format!("__BUS_HANDLER_{}", unraw(method));
            Ident::new(&name, Span::mixed_site()).to_token_stream()
        }
    };
    quote_spanned! {Span::mixed_site()=>
        #[allow(non_local_definitions, non_upper_case_globals)]
        const #constant: () = {
            #companion! {
                @from #krate
                @local {
                    #[diagnostic::do_not_recommend]
                    impl #bus::Handled for #companion {
                        async fn __handle(self, _: &#bus::Context) -> #bus::Answer<Self> {
                            ::core::future::pending().await
                        }
                    }
                }
                @remote {}
                @job {}
            }
        };
    }
}
