//! `#[command]`: the item, its `Command` and `Dispatch`, its declaration and its companion.
use super::companion::{self, Kind};
use super::spans::{line, shown_at};
use super::{policies, sanitize};
use crate::model::Command;
use crate::names::{Bus, CommandNames};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

/// Everything that a command without mistakes becomes.
pub(crate) fn command(command: &Command) -> TokenStream {
    let bus = &command.bus();
    let names = &CommandNames::of(&command.ident);
    let kind = match command.options.remote {
        Some(_) => Kind::Remote,
        None => Kind::Local,
    };
    let route = match kind {
        Kind::Remote => remote_route(bus, command, names),
        _ => local_route(bus, command),
    };
    let (run, check) = (policies::run(bus, command), policies::check(bus, command));
    let job = command.options.job.as_ref();
    let stored = job.map(|job| super::job::job(bus, command, job));
    let sanitize = command
        .shape
        .sanitizes()
        .then(|| sanitize::sanitize(bus, &command.ident, &command.generics, &command.shape));
    let name = &command.ident;
    let cfgs = &command.cfgs;
    let parts = [
        item(bus, command),
        implementation(bus, command, &quote!(#route #run #check)),
        dispatch(bus, command),
        stored.unwrap_or_default(),
        quote_spanned! {Span::mixed_site()=>
            #(#cfgs)*
            #[allow(deprecated)]
            const _: () = {
                #bus::inventory::submit! { #bus::Declaration::new::<#name>() }
            };
        },
        sanitize
            .map(|tokens| quote!(#(#cfgs)* #tokens))
            .unwrap_or_default(),
        companion::companion(command, names, kind),
        keys(bus, command),
    ];
    parts.into_iter().collect()
}

/// The user's item, with the derive of its rules if it has some.
pub(super) fn item(bus: &Bus, command: &Command) -> TokenStream {
    let item = &command.item;
    let job = command.options.job.as_ref();
    let stored = job.map(|job| super::job::derives(bus, job));
    if !command.derives_rules() {
        return quote!(#stored #item);
    }
    let validator = bus.private_text("validator");
    // The derive calls `validate` of nested values as a method: the trait must be in scope.
    let nested = command.rules.nested.then(|| {
        quote_spanned!(Span::mixed_site()=> #[allow(unused_imports)] use #bus::validator::Validate as _;)
    });
    quote_spanned! {Span::mixed_site()=>
        #nested
        #stored
        #[derive(#bus::validator::Validate)]
        #[validate(crate = #validator)]
        #item
    }
}

/// `impl Command`, with these functions.
pub(super) fn implementation(bus: &Bus, command: &Command, functions: &TokenStream) -> TokenStream {
    let (name, cfgs) = (&command.ident, &command.cfgs);
    let (generics, arguments, bounds) = command.generics.split_for_impl();
    // A generic command does not build; so that it gives one message, its parameters are taken as good.
    let bounds = match command.generics.params.is_empty() {
        true => bounds.to_token_stream(),
        false => quote_spanned!(Span::mixed_site()=> where Self: ::core::marker::Send + 'static),
    };
    let output = command.output();
    let error = command.error(bus);
    let descriptor = descriptor(bus, command);
    quote_spanned! {Span::mixed_site()=>
        #(#cfgs)*
        #[diagnostic::do_not_recommend]
        #[allow(deprecated)]
        impl #generics #bus::Command for #name #arguments #bounds {
            type Output = #output;
            type Error = #error;
            const DESCRIPTOR: &'static #bus::Descriptor = #descriptor;
            const __CLONE: ::core::option::Option<fn(&Self) -> Self> = {
                #[allow(unused_imports)]
                use #bus::NotClone as _;
                #bus::CloneProbe::<Self>::CLONE
            };
            #functions
        }
    }
}

fn descriptor(bus: &Bus, command: &Command) -> TokenStream {
    let short = crate::names::unraw(&command.ident);
    let stored = match &command.options.name {
        Some(name) => name.value.to_token_stream(),
        None => {
            quote_spanned!(Span::mixed_site()=> ::core::concat!(::core::module_path!(), "::", #short))
        }
    };
    let version = command
        .options
        .version
        .as_ref()
        .map_or(1, |version| version.value);
    let line = line(&command.ident);
    let job = command
        .options
        .job
        .is_some()
        .then(|| quote_spanned!(Span::mixed_site()=> .job()));
    let remote = command
        .options
        .remote
        .is_some()
        .then(|| quote_spanned!(Span::mixed_site()=> .remote()));
    let listed = policies::listed(command);
    let listed = (!listed.is_empty()).then(|| {
        let (keys, values) = (
            listed.iter().map(|(key, _)| key),
            listed.iter().map(|(_, value)| value),
        );
        quote_spanned!(Span::mixed_site()=> .policies(&[#((#keys, #values)),*]))
    });
    quote_spanned! {Span::mixed_site()=>
        &#bus::Descriptor::new(#stored, #version, ::core::file!(), #line) #job #remote #listed
    }
}

/// The route to the handler in this crate. If there is none, the compiler says so once, at the
/// name: it reports both the bound of the call and that of the return type, and drops what is
/// identical, so their marks must stand at one place.
fn local_route(bus: &Bus, command: &Command) -> TokenStream {
    let at = command.ident.span();
    let future = quote_spanned! {Span::mixed_site()=>
        impl ::core::marker::Send + ::core::future::Future<Output = #bus::DeclaredAnswer<Self>>
    };
    let call = quote_spanned!(Span::mixed_site()=> #bus::route::<Self>(self, cx));
    let (future, call) = (shown_at(at, future), shown_at(at, call));
    quote_spanned! {Span::mixed_site()=>
        #[inline]
        fn __route(self, cx: &#bus::Context) -> #future { #call }
    }
}

/// The route to the handler in whichever crate exports the symbol. The signatures of both ends
/// are made from the command's types, and the symbol's name from the command's place.
fn remote_route(bus: &Bus, command: &Command, names: &CommandNames) -> TokenStream {
    let symbol = &names.symbol;
    let name = crate::names::quiet(&command.ident);
    let given = bus.given_send(&quote!(Self));
    quote_spanned! {Span::mixed_site()=>
        #[inline]
        fn __route(
            self,
            cx: &#bus::Context,
        ) -> impl ::core::marker::Send + ::core::future::Future<Output = #bus::Answer<Self>>
        #given
        {
            unsafe extern "Rust" {
                #[link_name = #symbol]
                fn __bus_entry(command: #name, cx: &#bus::Context) -> #bus::Started<'_, #name>;
            }
            async move { #bus::finish(unsafe { __bus_entry(self, cx) }).await }
        }
    }
}

/// `impl Dispatch`: a command runs here, a job is stored.
pub(super) fn dispatch(bus: &Bus, command: &Command) -> TokenStream {
    if command.options.job.is_some() {
        return super::job::dispatch(bus, command);
    }
    let name = crate::names::quiet(&command.ident);
    let cfgs = &command.cfgs;
    let (generics, arguments, _) = command.generics.split_for_impl();
    let bounds = (!command.generics.params.is_empty())
        .then(|| quote_spanned!(Span::mixed_site()=> where Self: ::core::marker::Send + 'static));
    let middleware = policies::middleware(bus, command);
    quote_spanned! {Span::mixed_site()=>
        #(#cfgs)*
        #[diagnostic::do_not_recommend]
        #[allow(deprecated)]
        impl #generics #bus::Dispatch for #name #arguments #bounds {
            type Receipt = <Self as #bus::Declared>::Output;
            type Failure = <Self as #bus::Declared>::Error;
            type __Way = #bus::Here;
            #middleware
        }
    }
}

/// For editors only: the keys as imports of a module that documents them, so that they are
/// completed and hovering shows what each does.
pub(super) fn keys(bus: &Bus, command: &Command) -> TokenStream {
    let keys = &command.options.keys;
    let module = match command.options.job {
        Some(_) => quote_spanned!(Span::mixed_site()=> job),
        None => quote_spanned!(Span::mixed_site()=> command),
    };
    // A keyword can't be imported, and nothing twice.
    let importable = |key: &&Ident| syn::parse2::<Ident>(key.to_token_stream()).is_ok();
    let mut keys: Vec<&Ident> = keys.iter().filter(importable).collect();
    keys.sort();
    keys.dedup();
    if keys.is_empty() {
        return TokenStream::new();
    }
    quote_spanned! {Span::mixed_site()=>
        #[allow(unexpected_cfgs)]
        const _: () = {
            #[cfg(rust_analyzer)]
            #[allow(unused_imports)]
            use #bus::keys::#module::{#(#keys),*};
        };
    }
}

impl Command {
    /// The path of the library.
    pub(super) fn bus(&self) -> Bus {
        Bus::new(self.options.bus.as_ref().map(|path| &path.value))
    }

    fn output(&self) -> TokenStream {
        match &self.options.output {
            Some(output) => output.value.to_token_stream(),
            None => quote!(()),
        }
    }

    fn error(&self, bus: &Bus) -> TokenStream {
        match &self.options.error {
            Some(error) => error.value.to_token_stream(),
            None => quote_spanned!(Span::mixed_site()=> #bus::BoxError),
        }
    }
}
