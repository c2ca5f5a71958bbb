//! parse → model → check → expand, one function a macro; a mistake or a panic becomes an error
//! beside the item, never instead of it.
use crate::check::{self, Place};
use crate::codes;
use crate::errors::{Errors, Mistake};
use crate::model::{Command, HandlerBlock, Options};
use crate::names::Bus;
use crate::{expand, parse};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs one macro; `item` is what stays if it panics.
fn guarded(item: &TokenStream, run: impl FnOnce(&mut Errors) -> TokenStream) -> TokenStream {
    let all = || {
        let mut errors = Errors::default();
        let output = run(&mut errors);
        let told = errors.into_tokens();
        quote!(#output #told)
    };
    catch_unwind(AssertUnwindSafe(all)).unwrap_or_else(|panic| {
        let why = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        let mut errors = Errors::default();
        let message = format!("a macro of bus panicked: {why}; this is a defect of bus, please report it with this item");
        errors.push(Mistake::on(&codes::INTERNAL, Span::call_site(), message));
        let told = errors.into_tokens();
        quote!(#item #told)
    })
}

/// `#[command(…)]`
pub(crate) fn command(attribute: TokenStream, item: TokenStream) -> TokenStream {
    declared(attribute, item, parse::options, check::command)
}

/// `#[job(…)]`
pub(crate) fn job(attribute: TokenStream, item: TokenStream) -> TokenStream {
    declared(attribute, item, parse::job_options, check::job)
}

fn declared(
    attribute: TokenStream,
    item: TokenStream,
    parse_options: fn(TokenStream, &mut Errors) -> Options,
    check: fn(&Command, &mut Errors),
) -> TokenStream {
    guarded(&item.clone(), |errors| {
        let options = parse_options(attribute, errors);
        let command = match parse::command(item.clone(), options, errors) {
            Ok(command) => command,
            Err(mistake) => {
                errors.push(mistake);
                return item;
            }
        };
        check(&command, errors);
        match errors.is_empty() {
            true => expand::command(&command),
            false => expand::inert_command(&command),
        }
    })
}

/// `#[handler]`
pub(crate) fn handler(attribute: TokenStream, item: TokenStream) -> TokenStream {
    guarded(&item.clone(), |errors| {
        let bus = Bus::new(parse::handler_options(attribute, errors).as_ref());
        let Some(function) = errors.take(parse::function(item.clone())) else {
            return item;
        };
        let glue = match check::handler(&function, Place::Free, bus.clone(), errors) {
            Some(handler) => expand::handler(&handler),
            None => check::guess(&function.sig).map_or_else(TokenStream::new, |path| {
                expand::inert_handler(&bus, &path, check::method_name(&function))
            }),
        };
        quote!(#item #glue)
    })
}

/// `#[handlers] impl Service { … }`
pub(crate) fn handlers(attribute: TokenStream, item: TokenStream) -> TokenStream {
    guarded(&item.clone(), |errors| {
        let bus = Bus::new(parse::handler_options(attribute, errors).as_ref());
        let block = parse::block(item.clone(), errors);
        let Some(block) = errors.take(block) else {
            // Perhaps it stands on the handler itself.
            let glue = parse::function(item.clone())
                .ok()
                .and_then(|function| check::guess(&function.sig))
                .map(|path| expand::inert_handler(&bus, &path, None));
            return quote!(#item #glue);
        };
        if block.methods.is_empty() && errors.is_empty() {
            let message = "no method here has `#[handler]`: put it on those that handle a command";
            errors.at(&codes::NO_HANDLERS, &block.service, message);
        }
        let (mut handlers, mut broken) = (Vec::new(), Vec::new());
        for method in &block.methods {
            let bus = method
                .bus
                .as_ref()
                .map_or_else(|| bus.clone(), |path| Bus::new(Some(path)));
            let place = Place::Method(&block.service);
            let handler = match block.is_generic {
                true => None,
                false => check::handler(&method.function, place, bus.clone(), errors),
            };
            match handler {
                Some(mut handler) => {
                    handler.cfgs.extend(block.cfgs.iter().cloned());
                    handlers.push(handler);
                }
                None => broken.extend(check::guess(&method.function.sig).map(|path| (bus, path))),
            }
        }
        expand::handlers(&HandlerBlock {
            item: block.item,
            handlers,
            broken,
        })
    })
}

/// `#[sanitized]`
pub(crate) fn sanitized(attribute: TokenStream, item: TokenStream) -> TokenStream {
    guarded(&item.clone(), |errors| {
        let bus = Bus::new(parse::handler_options(attribute, errors).as_ref());
        match parse::sanitized(item.clone(), errors) {
            Ok((input, shape)) => {
                let code = expand::sanitize(&bus, &input.ident, &input.generics, &shape);
                quote!(#input #code)
            }
            Err(mistake) => {
                errors.push(mistake);
                item
            }
        }
    })
}

/// `checked!([bus] X { … })`
pub(crate) fn checked(call: TokenStream) -> TokenStream {
    guarded(&TokenStream::new(), |errors| {
        match errors.take(parse::checked(call)) {
            Some(checked) => expand::checked(&checked),
            None => TokenStream::new(),
        }
    })
}

/// What a companion macro answers `checked!`.
pub(crate) fn rules(call: TokenStream) -> TokenStream {
    // Rules that can't be read are the validator crate's to complain about, at the struct.
    guarded(&TokenStream::new(), |errors| {
        for check in parse::rule_checks(call).unwrap_or_default() {
            if let Some(broken) = check::broken(&check) {
                errors.at(&codes::BREAKS_RULE, &check.tokens, broken);
            }
        }
        TokenStream::new()
    })
}

/// `wire!([bus] app, billing; contracts)`
pub(crate) fn wire(call: TokenStream) -> TokenStream {
    guarded(&TokenStream::new(), |errors| {
        match errors.take(parse::wire(call)) {
            Some(wire) => expand::wire(&wire),
            None => TokenStream::new(),
        }
    })
}

/// `contract!([bus] PlaceOrder, billing::Charge)`
pub(crate) fn contract(call: TokenStream) -> TokenStream {
    guarded(&TokenStream::new(), |errors| {
        match errors.take(parse::contract(call)) {
            Some((bus, commands)) => expand::contract(&bus, &commands),
            None => TokenStream::new(),
        }
    })
}
