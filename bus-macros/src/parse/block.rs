//! An `impl` block under `#[handlers]`: the signatures of its methods; bodies stay raw tokens.
use super::function::{RawFn, handler_options};
use crate::codes;
use crate::errors::{Errors, Mistake};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{
    Attribute, Generics, Meta, Path, Signature, Token, Type, Visibility, WhereClause, token,
};

/// What is read of a block.
pub(crate) struct RawBlock {
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) service: Type,
    /// The block without `#[handler]`.
    pub(crate) item: TokenStream,
    /// The methods that had it.
    pub(crate) methods: Vec<RawMethod>,
    /// Whether it has type parameters: a mistake, after which no method is a handler.
    pub(crate) is_generic: bool,
}

/// A method with `#[handler]`.
pub(crate) struct RawMethod {
    pub(crate) function: RawFn,
    /// The `crate = …` of its own attribute.
    pub(crate) bus: Option<Path>,
}

/// The block of `#[handlers]`.
pub(crate) fn block(tokens: TokenStream, errors: &mut Errors) -> Result<RawBlock, Mistake> {
    let mut head: Vec<TokenTree> = tokens.into_iter().collect();
    let body = match head.pop() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => group,
        last => {
            return Err(Mistake::at(
                &codes::WRONG_ITEM,
                last,
                "`#[handlers]` goes on an `impl` block",
            ));
        }
    };
    let head: TokenStream = head.into_iter().collect();
    let (attrs, generics, service) = header(head.clone())?;
    let is_generic = !generics.params.is_empty();
    if is_generic {
        let message = "a service with handlers can't be generic: which of its types is meant? \
             Write the block for one, as in `impl Service<Db>`";
        errors.at(&codes::GENERIC_HANDLER, generics.params, message);
    }
    let (inside, methods) = (|input: ParseStream<'_>| Ok(items(input, errors)))
        .parse2(body.stream())
        .and_then(|result| result)
        .map_err(|error| Mistake::of(&codes::WRONG_ITEM, error))?;
    let mut new = Group::new(Delimiter::Brace, inside);
    new.set_span(body.span());
    Ok(RawBlock {
        cfgs: super::item::cfgs(&attrs),
        service,
        item: quote!(#head #new),
        methods,
        is_generic,
    })
}

/// `impl Service`, without a trait.
fn header(tokens: TokenStream) -> Result<(Vec<Attribute>, Generics, Type), Mistake> {
    let read = |input: ParseStream<'_>| {
        let attrs = Attribute::parse_outer(input)?;
        input.parse::<Option<Token![unsafe]>>()?;
        if !input.peek(Token![impl]) {
            return Err(input
                .error("`#[handlers]` goes on an `impl` block; on a function write `#[handler]`"));
        }
        input.parse::<Token![impl]>()?;
        let generics: Generics = input.parse()?;
        let service: Type = input.parse()?;
        if input.peek(Token![for]) {
            return Err(input
                .error("`#[handlers]` goes on the block of a type itself, not of a trait for it"));
        }
        input.parse::<Option<WhereClause>>()?;
        input.parse::<TokenStream>()?;
        Ok((attrs, generics, service))
    };
    read.parse2(tokens)
        .map_err(|error| Mistake::of(&codes::WRONG_ITEM, error))
}

/// All items, and apart the methods with `#[handler]`.
fn items(
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> syn::Result<(TokenStream, Vec<RawMethod>)> {
    let (mut out, mut methods) = (TokenStream::new(), Vec::new());
    while !input.is_empty() {
        if input.peek(Token![#]) && input.peek2(Token![!]) {
            for _ in 0..3 {
                if let Ok(token) = input.parse::<TokenTree>() {
                    token.to_tokens(&mut out);
                }
            }
            continue;
        }
        let (ours, attrs): (Vec<Attribute>, Vec<Attribute>) = Attribute::parse_outer(input)?
            .into_iter()
            .partition(is_handler);
        let signature = {
            let ahead = input.fork();
            let read = ahead.parse::<Visibility>().is_ok();
            let sig = ahead.parse::<Signature>().ok();
            sig.filter(|_| read && ahead.peek(token::Brace))
        };
        out.extend(attrs.iter().map(ToTokens::to_token_stream));
        rest_of_item(input, &mut out)?;
        let Some(attribute) = ours.first() else {
            continue;
        };
        match signature {
            Some(sig) => {
                let bus = match &attribute.meta {
                    Meta::List(list) => handler_options(list.tokens.clone(), errors),
                    _ => None,
                };
                methods.push(RawMethod {
                    function: RawFn {
                        attrs,
                        sig,
                        no_body: None,
                    },
                    bus,
                });
            }
            None => errors.at(
                &codes::WRONG_ITEM,
                attribute.path(),
                "`#[handler]` goes on functions",
            ),
        }
    }
    Ok((out, methods))
}

fn is_handler(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| last.ident == "handler")
}

/// To the end of an item: its braces or its semicolon.
fn rest_of_item(input: ParseStream<'_>, out: &mut TokenStream) -> syn::Result<()> {
    while !input.is_empty() {
        let token: TokenTree = input.parse()?;
        let last = match &token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        token.to_tokens(out);
        if last {
            break;
        }
    }
    Ok(())
}
