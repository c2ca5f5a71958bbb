//! The rules of a handler's signature, and what the bus needs to know of it.
use super::types::{find_impl_trait, outside, plain_path, ungrouped};
use crate::codes;
use crate::errors::{Errors, Mistake};
use crate::model::{Handler, Receiver, Return};
use crate::names::{Bus, written};
use crate::parse::RawFn;
use proc_macro2::Span;
use quote::ToTokens;
use syn::{
    FnArg, GenericArgument, GenericParam, Ident, Path, PathArguments, ReturnType, Safety,
    Signature, Type, parse_quote, parse_quote_spanned,
};

/// Where a handler stands.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    Free,
    Method(&'a Type),
}

impl<'a> Place<'a> {
    fn service(self) -> Option<&'a Type> {
        match self {
            Self::Free => None,
            Self::Method(service) => Some(service),
        }
    }
}

/// The handler, or nothing if a mistake was told.
pub(crate) fn handler(
    function: &RawFn,
    place: Place<'_>,
    bus: Bus,
    errors: &mut Errors,
) -> Option<Handler> {
    let sig = &function.sig;
    let mut wrong: Vec<Mistake> = Vec::new();
    if let Some(semicolon) = &function.no_body {
        wrong.push(Mistake::at(
            &codes::WRONG_ITEM,
            semicolon,
            "a handler has a body",
        ));
    }
    qualifiers(sig, &mut wrong);
    generics(sig, &mut wrong);
    let receiver = receiver(sig, place)
        .map_err(|mistake| wrong.push(mistake))
        .ok();
    let command = command(sig).map_err(|mistake| wrong.push(mistake)).ok();
    let returns = returns(sig, place)
        .map_err(|mistake| wrong.push(mistake))
        .ok();
    let right = wrong.is_empty();
    wrong.into_iter().for_each(|mistake| errors.push(mistake));
    if !right {
        return None;
    }
    Some(Handler {
        bus,
        service: place.service().cloned(),
        receiver: receiver?,
        ident: sig.ident.clone(),
        cfgs: function
            .attrs
            .iter()
            .filter(|a| a.path().is_ident("cfg"))
            .cloned()
            .collect(),
        is_async: sig.asyncness.is_some(),
        command: command?,
        injected: typed(sig)
            .skip(1)
            .map(|ty| outside(ty, sig, place.service()))
            .collect(),
        returns: returns?,
    })
}

/// The types of all arguments but `self`.
fn typed(sig: &Signature) -> impl Iterator<Item = &Type> {
    sig.inputs.iter().filter_map(|argument| match argument {
        FnArg::Typed(typed) => Some(&*typed.ty),
        FnArg::Receiver(_) => None,
    })
}

fn qualifiers(sig: &Signature, wrong: &mut Vec<Mistake>) {
    if let Safety::Unsafe(token) = &sig.safety {
        let message = "a handler can't be `unsafe`: the bus can't promise what it asks for; \
             write a safe function that does";
        wrong.push(Mistake::at(&codes::BAD_SIGNATURE, token, message));
    }
    if let Some(variadic) = &sig.variadic {
        wrong.push(Mistake::at(
            &codes::BAD_SIGNATURE,
            variadic,
            "a handler can't be variadic",
        ));
    }
}

fn generics(sig: &Signature, wrong: &mut Vec<Mistake>) {
    let params = sig.generics.params.iter();
    for param in params.filter(|param| !matches!(param, GenericParam::Lifetime(_))) {
        let message = "a handler can't be generic: the bus would have to guess the type; write it";
        wrong.push(Mistake::at(&codes::GENERIC_HANDLER, param, message));
    }
    for ty in typed(sig) {
        if let Some(hidden) = find_impl_trait(ty) {
            let message = "a handler can't be generic, and `impl Trait` in an argument makes it so: write the type, \
                 or inject `&Arc<dyn Trait>`";
            wrong.push(Mistake::at(&codes::GENERIC_HANDLER, hidden, message));
        }
    }
}

fn receiver(sig: &Signature, place: Place<'_>) -> Result<Receiver, Mistake> {
    let Some(FnArg::Receiver(receiver)) = sig.inputs.first() else {
        return Ok(Receiver::None);
    };
    if matches!(place, Place::Free) {
        let message = "a method is a handler only inside `#[handlers] impl …`; \
             or write a free function and take what it needs as `&T`";
        return Err(Mistake::at(&codes::SELF_OUTSIDE, receiver, message));
    }
    match &receiver.kind {
        syn::ReceiverKind::Reference(_, _, None) => Ok(Receiver::Ref),
        _ => {
            let message =
                "a handler takes its service as `&self`: it is state that all calls share";
            Err(Mistake::at(&codes::BAD_RECEIVER, receiver, message))
        }
    }
}

/// The first argument: a plain path, by value.
fn command(sig: &Signature) -> Result<Path, Mistake> {
    let Some(first) = typed(sig).next() else {
        let message = format!(
            "handler `{}` takes no command: write it as the first argument, `fn {0}(command: PlaceOrder, …)`",
            sig.ident
        );
        return Err(Mistake::at(&codes::NO_COMMAND, &sig.ident, message));
    };
    let first = ungrouped(first);
    if let Type::Reference(reference) = first {
        let inner = written(reference.elem.to_token_stream());
        let later = typed(sig).skip(1).find_map(|ty| plain_path(ungrouped(ty)));
        let message = match later {
            Some(command) => format!(
                "the first argument of a handler is its command, by value: put `{}` first, injected state after it",
                written(command.to_token_stream())
            ),
            None => format!(
                "the first argument of a handler is its command, by value: write `{inner}` without `&`; injected state comes after it"
            ),
        };
        return Err(Mistake::at(&codes::COMMAND_FIRST, first, message));
    }
    match plain_path(first) {
        Some(path)
            if path
                .segments
                .iter()
                .any(|segment| !segment.arguments.is_none()) =>
        {
            let message = match wrapped(path) {
                Some(command) => format!(
                    "the first argument of a handler is its command, by value: write `{}` alone",
                    written(command.to_token_stream())
                ),
                None => "the first argument of a handler is its command, and a command has no type parameters; \
                     injected arguments come after it"
                    .to_owned(),
            };
            Err(Mistake::at(&codes::COMMAND_FIRST, first, message))
        }
        Some(path) if !is_parameter(path, sig) => Ok(path.clone()),
        // A type parameter: that it is one was told already.
        Some(path) => Ok(path.clone()),
        None if find_impl_trait(first).is_some() => Ok(parse_quote!(_unused)),
        None => {
            let message =
                "the first argument of a handler is its command: the plain path of a type";
            Err(Mistake::at(&codes::COMMAND_FIRST, first, message))
        }
    }
}

fn returns(sig: &Signature, place: Place<'_>) -> Result<Return, Mistake> {
    let ReturnType::Type(_, ty) = &sig.output else {
        // Shown at the name: there is no type to show.
        let place = Span::mixed_site().located_at(sig.ident.span());
        return Ok(Return::Plain(parse_quote_spanned!(place=> ())));
    };
    if let Some(hidden) = find_impl_trait(ty) {
        let message = "the return type of a handler is written out, to be compared with the declaration: \
             for a future write `async fn`";
        return Err(Mistake::at(&codes::BAD_SIGNATURE, hidden, message));
    }
    let is_result = plain_path(ungrouped(ty))
        .and_then(|path| path.segments.last())
        .is_some_and(|last| last.ident == "Outcome" || last.ident.to_string().ends_with("Result"));
    let ty = outside(ty, sig, place.service());
    Ok(if is_result {
        Return::Fallible(ty)
    } else {
        Return::Plain(ty)
    })
}

/// Which command a handler with mistakes was meant for, so that the command is not reported as
/// unhandled besides.
pub(crate) fn guess(sig: &Signature) -> Option<Path> {
    let by_value = typed(sig).filter_map(|ty| {
        let path = plain_path(ungrouped(ty))?;
        Some(wrapped(path).unwrap_or(path))
    });
    let by_reference = typed(sig).filter_map(|ty| match ungrouped(ty) {
        Type::Reference(reference) => plain_path(ungrouped(&reference.elem)),
        _ => None,
    });
    let plain = |path: &&Path| {
        let arguments = path
            .segments
            .iter()
            .all(|segment| matches!(segment.arguments, PathArguments::None));
        arguments && !is_parameter(path, sig)
    };
    let first = by_value.chain(by_reference).find(plain)?;
    Some(first.clone())
}

/// The name of a function under `#[handler]` that stands in an `impl` block or a trait, which
/// shows by its `self`, or by the body that it lacks.
pub(crate) fn method_name(function: &RawFn) -> Option<&Ident> {
    let sig = &function.sig;
    let is_method = matches!(sig.inputs.first(), Some(FnArg::Receiver(_)));
    (is_method || function.no_body.is_some()).then_some(&sig.ident)
}

/// What a pointer points to: `PlaceOrder` of `Box<PlaceOrder>`.
fn wrapped(path: &Path) -> Option<&Path> {
    let last = path.segments.last()?;
    let is_pointer = ["Box", "Arc", "Rc"].iter().any(|name| last.ident == name);
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(ty)) if is_pointer => plain_path(ungrouped(ty)),
        _ => None,
    }
}

fn is_parameter(path: &Path, sig: &Signature) -> bool {
    sig.generics
        .type_params()
        .any(|param| path.is_ident(&param.ident))
}

#[cfg(test)]
mod tests;
