//! The rules of a handler's signature, and what the bus needs to know of it.
use crate::codes;
use crate::errors::{Errors, Mistake};
use crate::model::{Handler, Receiver, Return};
use crate::names::Bus;
use crate::parse::RawFn;
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{
    FnArg, GenericParam, Path, PathArguments, ReturnType, Safety, Signature, Type, parse_quote,
};

/// Where a handler stands.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    Free,
    Method(&'a Type),
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
    let service = match place {
        Place::Free => None,
        Place::Method(service) => Some(service.clone()),
    };
    Some(Handler {
        bus,
        service,
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
        injected: typed(sig).skip(1).map(|ty| plain(ty, sig, place)).collect(),
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
        let inner = reference.elem.to_token_stream();
        let message = format!(
            "the first argument of a handler is its command, by value: write `{inner}` without `&`; injected state comes after it"
        );
        return Err(Mistake::at(&codes::COMMAND_FIRST, first, message));
    }
    match plain_path(first) {
        Some(path)
            if path
                .segments
                .iter()
                .any(|segment| !segment.arguments.is_none()) =>
        {
            let message = "the first argument of a handler is its command, and a command has no type parameters; \
                 injected arguments come after it";
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
        return Ok(Return::Plain(parse_quote!(())));
    };
    if let Some(hidden) = find_impl_trait(ty) {
        let message = "the return type of a handler is written out, to be compared with the declaration: \
             for a future write `async fn`";
        return Err(Mistake::at(&codes::BAD_SIGNATURE, hidden, message));
    }
    let is_result = plain_path(ungrouped(ty))
        .and_then(|path| path.segments.last())
        .is_some_and(|last| last.ident.to_string().ends_with("Result"));
    let ty = plain(ty, sig, place);
    Ok(if is_result {
        Return::Fallible(ty)
    } else {
        Return::Plain(ty)
    })
}

/// Which command a handler with mistakes was meant for, so that the command is not reported as
/// unhandled besides.
pub(crate) fn guess(sig: &Signature, place: Place<'_>) -> Option<Path> {
    // Nothing can be added inside an `impl` block.
    let inside = sig
        .inputs
        .iter()
        .any(|argument| matches!(argument, FnArg::Receiver(_)));
    if inside && matches!(place, Place::Free) {
        return None;
    }
    let by_value = typed(sig).filter_map(|ty| plain_path(ungrouped(ty)));
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

fn is_parameter(path: &Path, sig: &Signature) -> bool {
    sig.generics
        .type_params()
        .any(|param| path.is_ident(&param.ident))
}

/// A type without the invisible or visible parentheses around it.
fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        other => other,
    }
}

fn plain_path(ty: &Type) -> Option<&Path> {
    match ty {
        Type::Path(path) if path.qself.is_none() => Some(&path.path),
        _ => None,
    }
}

fn find_impl_trait(ty: &Type) -> Option<Type> {
    struct Find(Option<Type>);
    impl VisitMut for Find {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            match ty {
                Type::ImplTrait(_) => self.0 = self.0.take().or_else(|| Some(ty.clone())),
                _ => visit_mut::visit_type_mut(self, ty),
            }
        }
    }
    let mut find = Find(None);
    find.visit_type_mut(&mut ty.clone());
    find.0
}

/// A type of the signature as it is written outside: the function's own lifetimes are unknown
/// there, and `Self` is the service.
fn plain(ty: &Type, sig: &Signature, place: Place<'_>) -> Type {
    struct Outside<'a> {
        sig: &'a Signature,
        service: Option<&'a Type>,
    }
    impl VisitMut for Outside<'_> {
        fn visit_lifetime_mut(&mut self, lifetime: &mut syn::Lifetime) {
            let own = self
                .sig
                .generics
                .lifetimes()
                .any(|param| param.lifetime.ident == lifetime.ident);
            if own {
                lifetime.ident = proc_macro2::Ident::new("_", lifetime.ident.span());
            }
        }

        fn visit_type_mut(&mut self, ty: &mut Type) {
            if let (Type::Path(path), Some(service)) = (&*ty, self.service)
                && path.qself.is_none()
                && path
                    .path
                    .segments
                    .first()
                    .is_some_and(|first| first.ident == "Self")
            {
                let rest = path.path.segments.iter().skip(1);
                *ty = match path.path.segments.len() {
                    1 => service.clone(),
                    _ => parse_quote!(<#service> #(:: #rest)*),
                };
                return;
            }
            visit_mut::visit_type_mut(self, ty);
        }
    }
    let service = match place {
        Place::Free => None,
        Place::Method(service) => Some(service),
    };
    let mut ty = ty.clone();
    Outside { sig, service }.visit_type_mut(&mut ty);
    ty
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn checked(tokens: proc_macro2::TokenStream, place: Place<'_>) -> Result<Handler, String> {
        let mut errors = Errors::default();
        let function = crate::parse::function(tokens).unwrap_or_else(|_| panic!("a function"));
        let handler = handler(&function, place, Bus::new(None), &mut errors);
        let told = errors.into_tokens().to_string();
        handler.ok_or(told)
    }

    fn text(tokens: impl ToTokens) -> String {
        tokens.to_token_stream().to_string()
    }

    #[test]
    fn what_the_bus_needs_is_read() {
        let handler = checked(
            quote! { pub async fn f<'a>(c: orders::Place, db: &'a Db, t: Tagged<'a, 'static>) -> crate::AppResult<u8> { let half = ; } },
            Place::Free,
        );
        let handler = handler.unwrap_or_else(|told| panic!("{told}"));
        assert!(handler.is_async);
        assert_eq!(text(&handler.command), "orders :: Place");
        let injected: Vec<String> = handler.injected.iter().map(text).collect();
        assert_eq!(injected, ["& '_ Db", "Tagged < '_ , 'static >"]);
        assert!(matches!(handler.returns, Return::Fallible(_)));
    }

    #[test]
    fn self_is_the_service_outside() {
        let service: Type = parse_quote!(Shop);
        let tokens = quote! { fn f(&self, c: Place, other: &Self) -> Result<Self::Id, Self> { } };
        let handler =
            checked(tokens, Place::Method(&service)).unwrap_or_else(|told| panic!("{told}"));
        assert_eq!(text(&handler.injected[0]), "& Shop");
        let Return::Fallible(returns) = handler.returns else {
            panic!("fallible")
        };
        assert_eq!(text(returns), "Result < < Shop > :: Id , Shop >");
    }

    #[test]
    fn a_mistake_gives_one_message() {
        for (tokens, told) in [
            (
                quote!(
                    fn f() {}
                ),
                "takes no command",
            ),
            (
                quote!(
                    fn f(c: &Place) {}
                ),
                "write `Place` without `&`",
            ),
            (
                quote!(
                    fn f(db: &Db, c: Place) {}
                ),
                "by value",
            ),
            (
                quote!(
                    fn f<T>(c: T) {}
                ),
                "can't be generic",
            ),
            (
                quote!(
                    fn f(c: impl Command) {}
                ),
                "`impl Trait` in an argument",
            ),
            (
                quote!(
                    fn f<const N: usize>(c: Place) {}
                ),
                "can't be generic",
            ),
            (
                quote!(
                    fn f(c: Place, db: &impl Db) {}
                ),
                "`impl Trait` in an argument",
            ),
            (
                quote!(
                    unsafe fn f(c: Place) {}
                ),
                "can't be `unsafe`",
            ),
            (
                quote!(
                    fn f(&self, c: Place) {}
                ),
                "only inside `#[handlers] impl",
            ),
            (
                quote!(
                    fn f(c: Place) -> impl Future<Output = u8> {}
                ),
                "for a future write `async fn`",
            ),
            (
                quote!(
                    fn f(c: (Place, u8)) {}
                ),
                "the plain path of a type",
            ),
            (
                quote!(
                    fn f(c: Place<u8>) {}
                ),
                "no type parameters",
            ),
            (
                quote!(
                    fn f(c: [Place; 2]) {}
                ),
                "the plain path of a type",
            ),
        ] {
            let text = checked(tokens.clone(), Place::Free)
                .err()
                .unwrap_or_default();
            assert!(text.contains(told), "{tokens}: {text}");
            assert_eq!(text.matches("compile_error").count(), 1, "{tokens}: {text}");
        }
        let service: Type = parse_quote!(Shop);
        for receiver in [quote!(self), quote!(&mut self), quote!(self: Arc<Self>)] {
            let tokens = quote!(fn f(#receiver, c: Place) {});
            let text = checked(tokens, Place::Method(&service))
                .err()
                .unwrap_or_default();
            assert!(text.contains("as `&self`"), "{receiver}: {text}");
        }
    }

    #[test]
    fn the_command_of_a_wrong_handler_is_guessed() {
        for (tokens, guessed) in [
            (
                quote!(
                    fn f(c: &Place) {}
                ),
                Some("Place"),
            ),
            (
                quote!(
                    fn f(db: &Db, c: Place) {}
                ),
                Some("Place"),
            ),
            (
                quote!(
                    fn f<T>(c: T) {}
                ),
                None,
            ),
            (
                quote!(
                    fn f<T>(c: Place, t: T) {}
                ),
                Some("Place"),
            ),
            (
                quote!(
                    fn f() {}
                ),
                None,
            ),
        ] {
            let function: RawFn =
                syn::parse2(tokens.clone()).unwrap_or_else(|_| panic!("a function"));
            let path = guess(&function.sig, Place::Free).map(text);
            assert_eq!(path.as_deref(), guessed, "{tokens}");
        }
    }
}
