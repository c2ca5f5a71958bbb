//! What is read of signatures, and what each wrong one is told.
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
    let handler = checked(tokens, Place::Method(&service)).unwrap_or_else(|told| panic!("{told}"));
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
        let function: RawFn = syn::parse2(tokens.clone()).unwrap_or_else(|_| panic!("a function"));
        let path = guess(&function.sig).map(text);
        assert_eq!(path.as_deref(), guessed, "{tokens}");
    }
}
