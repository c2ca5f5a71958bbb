//! `#[job]`: a command that is stored, and what a worker needs to run it.
use super::policies::{self, duration};
use super::spans::shown_at;
use crate::model::{Command, JobKeys, only_ident, path_text};
use crate::names::{Bus, quiet};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

/// The derives of serde that the user's item lacks.
pub(super) fn derives(bus: &Bus, job: &JobKeys) -> TokenStream {
    let site = Span::mixed_site();
    let serialize = (!job.serde.serialize).then(|| quote_spanned!(site=> #bus::serde::Serialize,));
    let deserialize =
        (!job.serde.deserialize).then(|| quote_spanned!(site=> #bus::serde::Deserialize,));
    if serialize.is_none() && deserialize.is_none() {
        return TokenStream::new();
    }
    let serde = bus.private_text("serde");
    quote_spanned! {site=>
        #[derive(#serialize #deserialize)]
        #[serde(crate = #serde)]
    }
}

/// What only a job declares, as text.
pub(super) fn listed(job: &JobKeys) -> Vec<(&'static str, String)> {
    let mut listed = Vec::new();
    if let Some(queue) = &job.queue {
        listed.push(("queue", queue.value.clone()));
    }
    if let Some(priority) = &job.priority {
        listed.push(("priority", priority.value.to_string()));
    }
    let times = [
        ("delay", &job.delay),
        ("retry_until", &job.retry_until),
        ("retain", &job.retain),
    ];
    for (key, time) in times {
        listed.extend(time.as_ref().map(|time| (key, time.value.to_string())));
    }
    if let Some(tags) = &job.tags {
        listed.push(("tags", tags.value.join(", ")));
    }
    if let Some(no_retry) = &job.no_retry {
        let paths: Vec<_> = no_retry.value.iter().map(path_text).collect();
        listed.push(("no_retry", paths.join(", ")));
    }
    if job.at_most_once.is_some() {
        listed.push(("at_most_once", String::new()));
    }
    if let Some(follow) = &job.on_failure {
        listed.push(("on_failure", path_text(&follow.value)));
    }
    listed
}

/// `impl Dispatch`: a job is stored.
pub(super) fn dispatch(bus: &Bus, command: &Command) -> TokenStream {
    let name = quiet(&command.ident);
    let cfgs = &command.cfgs;
    let middleware = policies::middleware(bus, command);
    quote_spanned! {Span::mixed_site()=>
        #(#cfgs)*
        #[diagnostic::do_not_recommend]
        #[allow(deprecated)]
        impl #bus::Dispatch for #name {
            type Receipt = #bus::Ticket<Self>;
            type Failure = <Self as #bus::Declared>::Error;
            type __Way = #bus::Stored;
            #middleware
        }
    }
}

/// `impl DeclaredJob`
pub(super) fn job(bus: &Bus, command: &Command, job: &JobKeys) -> TokenStream {
    let name = quiet(&command.ident);
    let cfgs = &command.cfgs;
    let options = options(bus, command, job);
    let fate = fate(bus, command, job);
    let on_failure = on_failure(bus, job);
    let types = types(bus);
    quote_spanned! {Span::mixed_site()=>
        #(#cfgs)*
        #[diagnostic::do_not_recommend]
        #[allow(deprecated)]
        impl #bus::DeclaredJob for #name {
            #types
            const OPTIONS: &'static #bus::JobOptions = &#options;
            #fate
            #on_failure
        }
    }
}

/// `impl DeclaredJob` of a job with mistakes.
pub(super) fn inert(bus: &Bus, command: &Command) -> TokenStream {
    if !command.generics.params.is_empty() {
        return TokenStream::new();
    }
    let (name, types) = (quiet(&command.ident), types(bus));
    quote_spanned! {Span::mixed_site()=>
        #[diagnostic::do_not_recommend]
        impl #bus::DeclaredJob for #name {
            #types
            const OPTIONS: &'static #bus::JobOptions = &#bus::JobOptions::DEFAULT;
        }
    }
}

fn types(bus: &Bus) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        type Output = <Self as #bus::Declared>::Output;
        type Error = <Self as #bus::Declared>::Error;
    }
}

fn options(bus: &Bus, command: &Command, job: &JobKeys) -> TokenStream {
    let site = Span::mixed_site();
    let keys = &command.options;
    let span = |period: crate::model::Period| duration(period);
    let mut fields = TokenStream::new();
    if let Some(queue) = &job.queue {
        let queue = &queue.value;
        fields.extend(quote_spanned!(site=> queue: &#bus::QueueName::from_static(#queue),));
    }
    if let Some(priority) = &job.priority {
        let priority = priority.value;
        fields.extend(quote_spanned!(site=> priority: #bus::Priority::clamped(#priority),));
    }
    if let Some(delay) = &job.delay {
        let delay = span(delay.value);
        fields.extend(quote_spanned!(site=> delay: #delay,));
    }
    if let Some(retries) = &keys.retries {
        // At most 1000: checked when it was read.
        let attempts = u16::try_from(retries.value + 1).unwrap_or(u16::MAX);
        fields.extend(quote_spanned!(site=> max_attempts: #attempts,));
    }
    if keys.backoff.is_some() {
        let backoff = policies::backoff(bus, keys.backoff.as_ref());
        fields.extend(quote_spanned!(site=> backoff: #backoff,));
    }
    let optional = [
        ("timeout", &keys.timeout),
        ("retry_until", &job.retry_until),
        ("retain", &job.retain),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            let (name, value) = (syn::Ident::new(name, site), span(value.value));
            fields.extend(quote_spanned!(site=> #name: ::core::option::Option::Some(#value),));
        }
    }
    if let Some(tags) = &job.tags {
        let tags = &tags.value;
        fields.extend(quote_spanned!(site=> tags: &[#(#tags),*],));
    }
    if job.at_most_once.is_some() {
        fields.extend(quote_spanned!(site=> at_most_once: true,));
    }
    quote_spanned!(site=> #bus::JobOptions { #fields ..#bus::JobOptions::DEFAULT })
}

/// What an error means: the ones named by `no_retry` end the job, `Classify` decides on the rest.
fn fate(bus: &Bus, command: &Command, job: &JobKeys) -> TokenStream {
    let site = Span::mixed_site();
    let last = job.no_retry.as_ref().map(|no_retry| {
        let test = match &command.options.error {
            // The default error holds any: it is asked for its type.
            None => {
                let types = &no_retry.value;
                quote_spanned!(site=> #(error.is::<#types>())||*)
            }
            Some(error) => {
                let error = error.value.to_token_stream();
                // Braces fit unit, tuple and struct variants.
                let patterns = no_retry.value.iter().map(|path| match only_ident(path) {
                    Some(variant) => quote_spanned!(site=> Declared::#variant { .. }),
                    None => quote_spanned!(site=> #path { .. }),
                });
                quote_spanned! {site=> {
                    #[allow(dead_code)]
                    type Declared = #error;
                    ::core::matches!(error, #(#patterns)|*)
                }}
            }
        };
        quote_spanned!(site=> if #test { return #bus::Fate::Fail; })
    });
    quote_spanned! {site=>
        fn fate(error: &Self::Error) -> #bus::Fate {
            #[allow(unused_imports)]
            use #bus::NotClassified as _;
            #last
            #bus::FateProbe::<Self::Error>::FATE(error)
        }
    }
}

fn on_failure(bus: &Bus, job: &JobKeys) -> TokenStream {
    let Some(follow) = &job.on_failure else {
        return TokenStream::new();
    };
    let site = Span::mixed_site();
    let ty = &follow.value;
    let make = quote_spanned!(site=> <#ty as ::core::convert::From<#bus::JobFailed>>::from);
    let store = quote_spanned!(site=> #bus::store_form::<#ty>);
    let (make, store) = (shown_at(ty.span(), make), shown_at(ty.span(), store));
    quote! {
        fn on_failure(
            failed: #bus::JobFailed,
            now: #bus::Timestamp,
        ) -> ::core::option::Option<::core::result::Result<#bus::NewJob, #bus::CodecError>> {
            ::core::option::Option::Some(#store(&#make(failed), now))
        }
    }
}
