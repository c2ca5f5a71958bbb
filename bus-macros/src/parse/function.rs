//! A function under `#[handler]`: its signature; the body stays raw tokens.
use super::keys::{Key, Values, read};
use crate::codes;
use crate::errors::{Errors, Mistake};
use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Path, Signature, Token, Visibility, token};

/// What is read of a function. A half-typed body can't make it unreadable.
pub(crate) struct RawFn {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) sig: Signature,
    /// The `;` that stands where the body should.
    pub(crate) no_body: Option<Token![;]>,
}

impl Parse for RawFn {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = Attribute::parse_outer(input)?;
        input.parse::<Visibility>()?;
        let sig = input.parse()?;
        let no_body: Option<Token![;]> = input.parse()?;
        if no_body.is_none() && !input.peek(token::Brace) {
            return Err(input.error("a handler has a body"));
        }
        input.parse::<TokenStream>()?;
        Ok(Self {
            attrs,
            sig,
            no_body,
        })
    }
}

/// The function of `#[handler]`.
pub(crate) fn function(tokens: TokenStream) -> Result<RawFn, Mistake> {
    syn::parse2(tokens.clone()).map_err(|error| {
        let keyword = (|input: ParseStream<'_>| {
            Attribute::parse_outer(input)?;
            input.parse::<Visibility>()?;
            let next = input.cursor().token_tree().map(|(token, _)| token);
            input.parse::<TokenStream>()?;
            Ok(next)
        })
        .parse2(tokens);
        let Ok(Some(keyword)) = keyword else {
            return Mistake::of(&codes::WRONG_ITEM, error);
        };
        let message = match keyword.to_string().as_str() {
            "impl" => "`#[handler]` goes on functions; on an `impl` block write `#[handlers]`",
            "struct" | "enum" => {
                "`#[handler]` goes on functions; on the command itself write `#[command]`"
            }
            "fn" | "async" | "unsafe" | "extern" => return Mistake::of(&codes::WRONG_ITEM, error),
            _ => "`#[handler]` goes on functions",
        };
        Mistake::at(&codes::WRONG_ITEM, keyword, message)
    })
}

const KEYS: &[Key] = &[Key {
    name: "crate",
    example: "crate = my::bus",
}];

/// The keys of `#[handler(…)]`, `#[handlers(…)]` and `#[sanitized(…)]`: the path of the library.
/// One of a command is no slip of the pen.
pub(crate) fn handler_options(tokens: TokenStream, errors: &mut Errors) -> Option<Path> {
    let mut bus = None;
    let of_commands = super::command::KEYS;
    read(tokens, KEYS, of_commands, errors, |key, input| {
        bus = Some(Values(KEYS).module(key, input)?.value);
        Ok(())
    });
    bus
}
