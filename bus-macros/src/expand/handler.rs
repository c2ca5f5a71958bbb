//! `#[handler]`: the code of both routes, for the companion to choose from, and the registration.
use super::fallback::inert_handler;
use super::spans::{line, shown_at};
use crate::model::{Handler, HandlerBlock, Receiver, Return};
use crate::names::{respan, this_crate, unraw, written};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

/// What stands beside a function with `#[handler]`.
pub(crate) fn handler(handler: &Handler) -> TokenStream {
    let bus = &handler.bus;
    let krate = this_crate();
    // The same path with another span: the user's must not lead to the companion.
    let companion = respan(handler.command.to_token_stream(), Span::call_site());
    let (local, remote) = (local(handler), remote(handler));
    let job = job(handler);
    let (registration, cfgs) = (registration(handler), &handler.cfgs);
    quote_spanned! {Span::mixed_site()=>
        #(#cfgs)*
        #[allow(deprecated)]
        const _: () = {
            #companion! { @from #krate @local { #local } @remote { #remote } @job { #job } }
            #bus::inventory::submit! { #registration }
        };
    }
}

/// A block, what stands beside its methods, and inert code for the ones with mistakes.
pub(crate) fn handlers(block: &HandlerBlock) -> TokenStream {
    let good = block.handlers.iter().map(handler);
    let broken = block
        .broken
        .iter()
        .map(|(bus, path)| inert_handler(bus, path, None));
    let glue: TokenStream = good.chain(broken).collect();
    let item = &block.item;
    quote_spanned!(Span::mixed_site()=> #item #glue)
}

/// What a worker needs to run it, kept if the command is a job.
fn job(handler: &Handler) -> TokenStream {
    let bus = &handler.bus;
    let command = respan(handler.command.to_token_stream(), Span::call_site());
    quote_spanned! {Span::mixed_site()=>
        #bus::inventory::submit! { #bus::Runnable::new::<#command>() }
    }
}

/// `impl Handled`: what the compiler can see through, and inline.
fn local(handler: &Handler) -> TokenStream {
    let site = Span::mixed_site();
    let (bus, command) = (&handler.bus, &handler.command);
    let answer = answer(handler);
    let given = bus.given_send(&quote!(Self));
    let body = match handler.is_async {
        true => {
            // A future that is not `Send` is shown at the handler's name.
            let future = shown_at(
                handler.ident.span(),
                quote_spanned! {site=>
                    impl ::core::marker::Send + ::core::future::Future<Output = #bus::Answer<Self>>
                },
            );
            quote_spanned! {site=>
                fn __handle(self, cx: &#bus::Context) -> #future #given {
                    let command = self;
                    #answer
                }
            }
        }
        false => quote_spanned! {site=>
            async fn __handle(self, cx: &#bus::Context) -> #bus::Answer<Self> #given {
                let command = self;
                #answer
            }
        },
    };
    quote_spanned! {site=>
        #[diagnostic::do_not_recommend]
        impl #bus::Handled for #command {
            #[inline]
            #body
        }
    }
}

/// The exported entry point, and the mark that this crate handles the command.
fn remote(handler: &Handler) -> TokenStream {
    let site = Span::mixed_site();
    let (bus, command) = (&handler.bus, &handler.command);
    let quiet = respan(command.to_token_stream(), Span::call_site());
    let answer = answer(handler);
    let started = match handler.is_async {
        true => quote_spanned!(site=> #bus::Started::Later(::std::boxed::Box::pin(#answer))),
        false => quote_spanned! {site=>
            let answer = move || -> #bus::Answer<#quiet> { #answer };
            #bus::Started::Ready(answer())
        },
    };
    let given = bus.given_send(&quiet);
    quote_spanned! {site=>
        // Items have no hygiene: names that no user has. Public, since `wire!` finds it by inference in another crate.
        #[doc(hidden)]
        #[allow(unreachable_pub, missing_debug_implementations)]
        pub enum __BusHere {}
        #[diagnostic::do_not_recommend]
        impl #bus::HandledBy<__BusHere> for #command {}
        #[unsafe(export_name = #quiet!(@symbol))]
        fn __bus_entry(command: #quiet, cx: &#bus::Context) -> #bus::Started<'_, #quiet> #given { #started }
    }
}

/// Calls the handler with its arguments and makes its return value the answer: an expression of
/// a future if the handler is `async`. What differs from the declaration is shown at the return
/// type, what can't be injected at the argument.
fn answer(handler: &Handler) -> TokenStream {
    let site = Span::mixed_site();
    let bus = &handler.bus;
    let command = respan(handler.command.to_token_stream(), Span::call_site());
    let called = called(handler, &command);
    let into = match &handler.returns {
        Return::Plain(ty) => quote_spanned! {site=>
            |value| ::core::result::Result::Ok(
                <#ty as #bus::IsOutput<#command, <#command as #bus::Command>::Output>>::it(value)
            )
        },
        Return::Fallible(ty) => quote_spanned! {site=>
            |value| <#ty as #bus::IntoAnswer<#command>>::into_answer(value)
        },
    };
    let alone = handler.injected.is_empty() && handler.receiver == Receiver::None;
    match handler.is_async {
        true if alone => quote_spanned!(site=> #bus::call::<#command, _, _>(#called, #into)),
        // A closure for its `?`: an async block would move the command once more.
        true => {
            let service = handler
                .service
                .as_ref()
                .filter(|_| handler.receiver == Receiver::Ref)
                .map(|service| respan(service.to_token_stream(), Span::call_site()))
                .map(|service| quote_spanned!(site=> &#service));
            let injected = handler
                .injected
                .iter()
                .map(|argument| respan(argument.to_token_stream(), Span::call_site()));
            let injected = service.into_iter().chain(injected).fold(
                quote_spanned!(site=> ()),
                |rest, each| quote_spanned!(site=> (#each, #rest)),
            );
            quote_spanned! {site=> {
                #[allow(unused_imports)]
                use #bus::NotInjectable as _;
                #bus::InjectedCall::<#command, #injected>::call(
                    (move || -> ::core::result::Result<_, #bus::Error<<#command as #bus::Command>::Error>> {
                        ::core::result::Result::Ok(#called)
                    })(),
                    #into,
                )
            }}
        }
        false => quote_spanned!(site=> (#into)(#called)),
    }
}

/// The call of the function or method.
fn called(handler: &Handler, command: &TokenStream) -> TokenStream {
    let site = Span::mixed_site();
    let bus = &handler.bus;
    // Not `mixed_site`: there a function named `command` would be the variable.
    let name = respan(handler.ident.to_token_stream(), Span::call_site());
    let service = handler
        .service
        .as_ref()
        .map(|service| respan(service.to_token_stream(), Span::call_site()));
    let function = match &service {
        None => quote_spanned!(site=> #name),
        Some(service) => quote_spanned!(site=> <#service>::#name),
    };
    let receiver = service
        .filter(|_| handler.receiver == Receiver::Ref)
        .map(|service| quote_spanned!(site=> #bus::inject::<#command, _>(<&#service as #bus::FromContext<'_>>::from_context(cx))?,));
    let injected = handler
        .injected
        .iter()
        .map(|argument| quote_spanned!(site=> #bus::inject::<#command, _>(<#argument as #bus::FromContext<'_>>::from_context(cx))?));
    quote_spanned!(site=> #function(#receiver command, #(#injected),*))
}

fn registration(handler: &Handler) -> TokenStream {
    let site = Span::mixed_site();
    let (bus, command) = (&handler.bus, &handler.command);
    let name = unraw(&handler.ident);
    let path = match &handler.service {
        Some(service) => {
            let service = written(service.to_token_stream());
            format!("::{service}::{name}")
        }
        None => format!("::{name}"),
    };
    let line = line(&handler.ident);
    let service = match (&handler.service, handler.receiver) {
        (Some(service), Receiver::Ref) => {
            let service = respan(service.to_token_stream(), Span::call_site());
            Some(quote_spanned!(site=> <&#service as #bus::FromContext<'_>>::need,))
        }
        _ => None,
    };
    let needs = handler
        .injected
        .iter()
        .map(|argument| quote_spanned!(site=> <#argument as #bus::FromContext<'_>>::need));
    let blocking = (!handler.is_async).then(|| quote_spanned!(site=> .blocking()));
    quote_spanned! {site=>
        #bus::Registration::new::<#command>(
            ::core::concat!(::core::module_path!(), #path),
            ::core::file!(),
            #line,
            &[#service #(#needs),*],
        ) #blocking
    }
}
