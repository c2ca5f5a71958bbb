//! The declared policies: what runs before the handler, and how they are listed.
use super::spans::{shown_at, wholly_at};
use crate::model::{Backoff, Command, Member, Period, Rate, Set, Throttle, path_text};
use crate::names::{Bus, quiet, written};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

/// The policies as text, in the order they act.
pub(super) fn listed(command: &Command) -> Vec<(&'static str, String)> {
    let options = &command.options;
    let mut listed = Vec::new();
    if let Some(job) = &options.job {
        listed.extend(super::job::listed(job));
    }
    if let Some(middleware) = &options.middleware {
        let each: Vec<String> = middleware
            .value
            .iter()
            .map(|one| written(one.to_token_stream()))
            .collect();
        listed.push(("middleware", each.join(", ")));
    }
    if command.shape.sanitizes() {
        listed.push((
            "sanitize",
            fields(command, |field| !field.sanitizers.is_empty()),
        ));
    }
    if validates(command) {
        listed.push(("validate", String::from("all rules")));
    }
    if let Some(path) = &options.authorize {
        listed.push(("authorize", path_text(&path.value)));
    }
    if let Some(rate) = &options.rate {
        listed.push(("rate", rate.value.to_string()));
    }
    if let Some(timeout) = &options.timeout {
        listed.push(("timeout", timeout.value.to_string()));
    }
    if let Some(retries) = &options.retries {
        let backoff = options
            .backoff
            .as_ref()
            .map(|backoff| format!(", {}", backoff.value));
        listed.push((
            "retries",
            format!("{}{}", retries.value, backoff.unwrap_or_default()),
        ));
    }
    if let Some(throttle) = &options.throttle {
        listed.push(("throttle", throttle.value.to_string()));
    }
    listed
}

fn fields(command: &Command, which: impl Fn(&crate::model::Field) -> bool) -> String {
    let names = command
        .shape
        .fields()
        .filter(|field| which(field))
        .map(|field| field.member.text());
    names.collect::<Vec<_>>().join(", ")
}

fn validates(command: &Command) -> bool {
    command.rules.first.is_some() || command.options.validate.is_some()
}

/// `__run`, if any policy is declared: those that decide before the handler in order, then those
/// around it, the innermost first.
pub(super) fn run(bus: &Bus, command: &Command) -> TokenStream {
    let site = Span::mixed_site();
    let options = &command.options;
    // Of a job, timeout and retries are the worker's.
    let job = options.job.is_some();
    let mut steps = cleaned(bus, command, false);
    steps.extend(match job {
        // Who asks was authorized before the job was stored.
        true if options.authorize.is_some() => {
            let authorized = authorized(bus, command, false);
            quote_spanned!(site=> if !cx.__restored() { #authorized })
        }
        _ => authorized(bus, command, false),
    });
    steps.extend(limit_of(bus, command));
    let mut around = Around::of(bus, command);
    let retries = options.retries.as_ref();
    if let Some(retries) = retries.filter(|retries| retries.value > 0 && !job) {
        around.retry(bus, command, retries);
    }
    if let Some(timeout) = options.timeout.as_ref().filter(|_| !job) {
        let (limit, work) = (duration(timeout.value), &around.work);
        around.work = quote_spanned!(site=> #bus::policy::timeout::<Self>(#limit, #work));
        around.any = true;
    }
    if steps.is_empty() && !around.any {
        return TokenStream::new();
    }
    let Around { statics, work, .. } = around;
    // Only sanitizers change the command.
    let mutable = command
        .shape
        .sanitizes()
        .then(|| quote_spanned!(site=> mut));
    quote_spanned! {site=>
        #[inline]
        fn __run(
            self,
            cx: &#bus::Context,
        ) -> impl ::core::marker::Send + ::core::future::Future<Output = #bus::DeclaredAnswer<Self>> {
            #statics
            #[allow(unused_imports)]
            use #bus::NotSend as _;
            #bus::SendProbe::<Self>::future(async move {
                let #mutable command = self;
                #steps
                #work.await
            })
        }
    }
}

/// `__check`, where somebody asks for it: of a job if any policy decides before it is stored, of a
/// command if it has a policy function, which a cache must not pass by.
pub(super) fn check(bus: &Bus, command: &Command) -> TokenStream {
    let site = Span::mixed_site();
    if command.options.job.is_none() && command.options.authorize.is_none() {
        return TokenStream::new();
    }
    let (cleaned, authorized) = (cleaned(bus, command, true), authorized(bus, command, true));
    if cleaned.is_empty() && authorized.is_empty() {
        return TokenStream::new();
    }
    quote_spanned! {site=>
        fn __check(
            &mut self,
            cx: &#bus::Context,
        ) -> ::core::result::Result<(), #bus::Error<<Self as #bus::Declared>::Error>> {
            let command = self;
            #cleaned
            #authorized
            ::core::result::Result::Ok(())
        }
    }
}

/// What is around the handler, from the innermost on.
struct Around {
    statics: TokenStream,
    work: TokenStream,
    any: bool,
}

impl Around {
    /// The route, behind the circuit breaker if one is declared.
    fn of(bus: &Bus, command: &Command) -> Self {
        let site = Span::mixed_site();
        let route = quote_spanned!(site=> #bus::routed::<Self>(command, cx));
        let Some(throttle) = &command.options.throttle else {
            return Self {
                statics: TokenStream::new(),
                work: route,
                any: false,
            };
        };
        let (failures, period) = (throttle.value.failures, throttle.value.period.nanos);
        let counts = counts(bus, &throttle.value);
        Self {
            statics: quote_spanned! {site=>
                static BREAKER: #bus::policy::Breaker =
                    #bus::policy::Breaker::new(#failures, #period);
            },
            work: quote_spanned!(site=> BREAKER.run::<Self>(#counts, #route)),
            any: true,
        }
    }

    fn retry(&mut self, bus: &Bus, command: &Command, retries: &Set<u32>) {
        let site = Span::mixed_site();
        let backoff = backoff(bus, command.options.backoff.as_ref());
        self.statics
            .extend(quote_spanned!(site=> static BACKOFF: #bus::Backoff = #backoff;));
        let (count, work) = (retries.value, &self.work);
        let again = quote_spanned!(site=> <Self as #bus::policy::Again>::again);
        let again = shown_at(retries.key.span(), again);
        self.work = quote_spanned! {site=>
            #bus::policy::retry::<Self, _>(#count, &BACKOFF, command, #again, |command| #work)
        };
        self.any = true;
    }
}

/// sanitize → validate; the command is there by value, or by reference.
fn cleaned(bus: &Bus, command: &Command, by_reference: bool) -> TokenStream {
    let site = Span::mixed_site();
    let mut steps = TokenStream::new();
    if command.shape.sanitizes() {
        steps.extend(match by_reference {
            true => quote_spanned!(site=> #bus::Sanitize::sanitize(&mut *command);),
            false => quote_spanned!(site=> #bus::Sanitize::sanitize(&mut command);),
        });
    }
    if validates(command) {
        let call = match &command.options.validate {
            Some(validate) => shown_at(
                validate.key.span(),
                quote_spanned!(site=> #bus::policy::validate::<Self>),
            ),
            // The derive tells its own mistakes.
            None => {
                steps.extend(quote_spanned! {site=>
                    #[allow(unused_imports)]
                    use #bus::policy::NotDerived as _;
                });
                quote_spanned!(site=> #bus::policy::RulesProbe::<Self>::check)
            }
        };
        steps.extend(match by_reference {
            true => quote_spanned!(site=> #call(&*command)?;),
            false => quote_spanned!(site=> #call(&command)?;),
        });
    }
    steps
}

/// authorize
fn authorized(bus: &Bus, command: &Command, by_reference: bool) -> TokenStream {
    let site = Span::mixed_site();
    let Some(path) = &command.options.authorize else {
        return TokenStream::new();
    };
    let path = &path.value;
    let asked = match by_reference {
        true => quote_spanned!(site=> (&*command, cx)),
        false => quote_spanned!(site=> (&command, cx)),
    };
    let asked = shown_at(path.span(), asked);
    quote_spanned!(site=> #bus::policy::authorize::<Self>(#path #asked)?;)
}

/// rate
fn limit_of(bus: &Bus, command: &Command) -> TokenStream {
    let rate = command.options.rate.as_ref();
    rate.map_or_else(TokenStream::new, |rate| limit(bus, command, rate))
}

fn limit(bus: &Bus, command: &Command, rate: &Set<Rate>) -> TokenStream {
    let site = Span::mixed_site();
    let Rate {
        count,
        period,
        burst,
        per,
    } = &rate.value;
    let (period, burst) = (period.nanos, burst.unwrap_or(*count));
    let quota = quote_spanned!(site=> #bus::policy::Quota::new(#count, #period, #burst));
    if per.is_empty() {
        return quote_spanned! {site=>
            static RATE: #bus::policy::Rate = #bus::policy::Rate::new(#quota);
            RATE.check::<Self>()?;
        };
    }
    let at = rate
        .at
        .clone()
        .into_iter()
        .next()
        .map_or(site, |literal| literal.span());
    let fields = per
        .iter()
        .filter_map(|name| command.shape.field(name))
        .map(|field| match &field.member {
            Member::Named(ident) => quiet(ident).to_token_stream(),
            Member::Indexed(index) => {
                let mut index = syn::Index::from(*index as usize);
                index.span = site;
                quote!(#index)
            }
        });
    // At one place, since the compiler reports it for each expression but drops what is identical.
    let key = wholly_at(
        at,
        quote_spanned!(site=> #bus::policy::key(&(#(#bus::policy::field(&command.#fields),)*))),
    );
    quote_spanned! {site=>
        static RATE: #bus::policy::KeyedRate = #bus::policy::KeyedRate::new(#quota);
        RATE.check::<Self>(#key)?;
    }
}

/// Which failures a circuit breaker counts: the handler's own.
fn counts(bus: &Bus, throttle: &Throttle) -> TokenStream {
    let site = Span::mixed_site();
    if throttle.only.is_empty() {
        return quote_spanned!(site=> |error| ::core::matches!(error, #bus::Error::Handler(_)));
    }
    // Braces fit unit, tuple and struct variants.
    let only = throttle
        .only
        .iter()
        .map(|path| quote_spanned!(site=> #path { .. }));
    quote_spanned!(site=> |error| ::core::matches!(error, #bus::Error::Handler(#(#only)|*)))
}

pub(super) fn backoff(bus: &Bus, backoff: Option<&Set<Backoff>>) -> TokenStream {
    let site = Span::mixed_site();
    let Some(backoff) = backoff else {
        return quote_spanned!(site=> #bus::Backoff::DEFAULT);
    };
    match &backoff.value {
        Backoff::Fixed(pause) => {
            let pause = duration(*pause);
            quote_spanned!(site=> #bus::Backoff::fixed(#pause))
        }
        Backoff::List(pauses) => {
            let pauses = pauses.iter().map(|pause| duration(*pause));
            quote_spanned!(site=> #bus::Backoff::list(&[#(#pauses),*]))
        }
        Backoff::Exponential { base, max, jitter } => {
            // Without a limit the pause still ends somewhere: the longest that can be written.
            let max = duration(max.unwrap_or(Period {
                nanos: i64::MAX as u64,
            }));
            let base = duration(*base);
            let jitter = jitter.then(|| quote_spanned!(site=> .with_jitter(#bus::Jitter::HALF)));
            quote_spanned!(site=> #bus::Backoff::exponential(#base, #max) #jitter)
        }
        Backoff::Function(path) => quote_spanned!(site=> #bus::Backoff::function(#path)),
    }
}

pub(super) fn duration(period: Period) -> TokenStream {
    let (seconds, nanos) = (
        period.nanos / 1_000_000_000,
        (period.nanos % 1_000_000_000) as u32,
    );
    quote_spanned!(Span::mixed_site()=> ::core::time::Duration::new(#seconds, #nanos))
}

/// What leads through the named middleware, if any is: made once, at the first dispatch.
pub(super) fn middleware(bus: &Bus, command: &Command) -> TokenStream {
    let Some(middleware) = &command.options.middleware else {
        return TokenStream::new();
    };
    let chain = middleware.value.iter().rev().fold(
        quote_spanned!(Span::mixed_site()=> ()),
        |rest, each| quote_spanned!(Span::mixed_site()=> #bus::middleware(#each).before(#rest)),
    );
    quote_spanned! {Span::mixed_site()=>
        fn __layered(
            self,
            cx: &#bus::Context,
        ) -> impl ::core::future::Future<Output = #bus::DeclaredAnswer<Self>> + ::core::marker::Send {
            #bus::layered(self, cx)
        }

        fn __through<'a>(
            slot: &'a #bus::Slot<'a, Self>,
        ) -> impl ::core::future::Future<Output = #bus::Verdict> + ::core::marker::Send + 'a {
            static CHAIN: ::std::sync::OnceLock<
                ::std::boxed::Box<dyn ::core::any::Any + ::core::marker::Send + ::core::marker::Sync>,
            > = ::std::sync::OnceLock::new();
            #[allow(unused_imports)]
            use #bus::NotMiddleware as _;
            #bus::Chain::through(#bus::chain(&CHAIN, || #chain), slot, slot)
        }
    }
}
