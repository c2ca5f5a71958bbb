//! `checked!`, `wire!`, `contract!`, and the rules a companion answers with.
//!
//! The library wraps these macros to give its own path: each call begins with `[$crate]`.
use crate::codes;
use crate::errors::Mistake;
use crate::model::{Checked, RuleCheck, Wire};
use crate::names::Bus;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, ExprStruct, ExprUnary, FieldValue, Lit, Member, Meta, Path, Token, UnOp};
use syn::{bracketed, parenthesized};

const CHECKED: &str =
    "write one value of a command, for example `checked!(PlaceOrder { quantity: 2 })`";
const WIRE: &str = "write the crates with the handlers, then the crates with a `contract!`, \
     for example `wire!(app, billing)` or `wire!(app, billing; contracts)`";
const CONTRACT: &str = "write the commands by their paths from the crate's root, for example \
     `contract! { PlaceOrder, billing::Charge }`";

fn given(input: ParseStream<'_>) -> syn::Result<Bus> {
    let path;
    bracketed!(path in input);
    Ok(Bus::given(path.parse()?))
}

fn wrong(error: &syn::Error, hint: &str) -> Mistake {
    Mistake::on(&codes::BAD_CALL, error.span(), format!("{error}; {hint}"))
}

/// `[bus] X { field: value, … }`
pub(crate) fn checked(tokens: TokenStream) -> Result<Checked, Mistake> {
    let read = |input: ParseStream<'_>| {
        let bus = given(input)?;
        let value: Expr = input.parse()?;
        Ok((bus, value))
    };
    let (bus, value) = read
        .parse2(tokens)
        .map_err(|error| wrong(&error, CHECKED))?;
    let (path, literals, value) = match value {
        Expr::Struct(value) => fields(value),
        Expr::Call(mut call) => {
            let Expr::Path(path) = &*call.func else {
                return Err(Mistake::at(&codes::BAD_CALL, &call.func, CHECKED));
            };
            let path = path.path.clone();
            for argument in &mut call.args {
                *argument = converted(argument.clone());
            }
            // The rules of the validator crate are of named fields.
            (path, Vec::new(), call.into_token_stream())
        }
        Expr::Path(unit) => (unit.path.clone(), Vec::new(), unit.into_token_stream()),
        other => return Err(Mistake::at(&codes::BAD_CALL, other, CHECKED)),
    };
    let companion = if is_variant(&path) || literals.is_empty() {
        None
    } else {
        Some(path)
    };
    Ok(Checked {
        bus,
        value,
        companion,
        literals,
    })
}

/// Whether a path has the variant of an enum at its end.
fn is_variant(path: &Path) -> bool {
    let mut names = path
        .segments
        .iter()
        .rev()
        .map(|segment| segment.ident.to_string());
    let before = names.nth(1).unwrap_or_default();
    before.starts_with(char::is_uppercase)
}

fn fields(mut value: ExprStruct) -> (Path, Vec<(Ident, TokenStream)>, TokenStream) {
    let mut literals = Vec::new();
    for field in &mut value.fields {
        if let (Member::Named(name), Some(literal)) = (&field.member, literal(field)) {
            literals.push((name.clone(), literal));
        }
        if field.colon_token.is_some() {
            field.expr = converted(field.expr.clone());
        }
    }
    (value.path.clone(), literals, value.into_token_stream())
}

/// The value of a field if it is a literal, with its sign.
fn literal(field: &FieldValue) -> Option<TokenStream> {
    let literal = match &field.expr {
        Expr::Lit(_) => true,
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => matches!(**expr, Expr::Lit(_)),
        _ => false,
    };
    literal.then(|| field.expr.to_token_stream())
}

/// A text literal becomes whatever the field is.
fn converted(value: Expr) -> Expr {
    match &value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(_), ..
        }) => {
            let into = quote_spanned!(Span::mixed_site()=> ::core::convert::Into::into);
            Expr::Verbatim(quote!(#into(#value)))
        }
        _ => value,
    }
}

/// `{ field (literal) … } { field { range(…), length(…), } … }`: what `checked!` found, and
/// what the companion knows.
pub(crate) fn rule_checks(tokens: TokenStream) -> syn::Result<Vec<RuleCheck>> {
    let read = |input: ParseStream<'_>| {
        let mut literals: Vec<(Ident, TokenStream)> = Vec::new();
        let (found, known);
        syn::braced!(found in input);
        while !found.is_empty() {
            let field = found.parse()?;
            let value;
            parenthesized!(value in found);
            literals.push((field, value.parse()?));
        }
        let mut checks = Vec::new();
        syn::braced!(known in input);
        while !known.is_empty() {
            let field: Ident = known.parse()?;
            let rules;
            syn::braced!(rules in known);
            let rules = Punctuated::<Meta, Token![,]>::parse_terminated(&rules)?;
            for (_, value) in literals.iter().filter(|(name, _)| *name == field) {
                for rule in &rules {
                    checks.extend(rule_check(&field, value, rule)?);
                }
            }
        }
        Ok(checks)
    };
    read.parse2(tokens)
}

fn rule_check(field: &Ident, value: &TokenStream, rule: &Meta) -> syn::Result<Option<RuleCheck>> {
    let read = |input: ParseStream<'_>| {
        let negative = input.parse::<Option<Token![-]>>()?.is_some();
        Ok((negative, input.parse::<Lit>()?))
    };
    let (negative, literal) = read.parse2(value.clone())?;
    let (Meta::List(list), Some(name)) = (rule, rule.path().get_ident()) else {
        return Ok(None);
    };
    let bounds = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?;
    let bounds = bounds.into_iter().filter_map(|bound| match bound {
        Meta::NameValue(bound) => Some((
            bound.path.get_ident()?.clone(),
            bound.value.to_token_stream(),
        )),
        _ => None,
    });
    Ok(Some(RuleCheck {
        field: field.clone(),
        tokens: value.clone(),
        negative,
        literal,
        rule: name.clone(),
        bounds: bounds.collect(),
    }))
}

/// `[bus] app, billing; contracts`
pub(crate) fn wire(tokens: TokenStream) -> Result<Wire, Mistake> {
    let read = |input: ParseStream<'_>| {
        let bus = given(input)?;
        let crates = paths(input)?;
        let contracts = match input.parse::<Option<Token![;]>>()? {
            Some(_) => paths(input)?,
            None => Vec::new(),
        };
        if crates.is_empty() && contracts.is_empty() {
            return Err(syn::Error::new(input.span(), "nothing is wired"));
        }
        Ok(Wire {
            bus,
            crates,
            contracts,
        })
    };
    read.parse2(tokens).map_err(|error| wrong(&error, WIRE))
}

/// `[bus] PlaceOrder, billing::Charge`
pub(crate) fn contract(tokens: TokenStream) -> Result<(Bus, Vec<Path>), Mistake> {
    let read = |input: ParseStream<'_>| {
        let bus = given(input)?;
        let commands = paths(input)?;
        if commands.is_empty() {
            return Err(syn::Error::new(input.span(), "a contract without commands"));
        }
        Ok((bus, commands))
    };
    read.parse2(tokens).map_err(|error| wrong(&error, CONTRACT))
}

/// Paths with commas between them.
fn paths(input: ParseStream<'_>) -> syn::Result<Vec<Path>> {
    let mut paths = Vec::new();
    while !input.is_empty() && !input.peek(Token![;]) {
        paths.push(input.call(Path::parse_mod_style)?);
        if input.is_empty() || input.peek(Token![;]) {
            break;
        }
        input.parse::<Token![,]>()?;
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_found_and_texts_converted() {
        let call =
            checked(quote!([::bus] orders::Place { quantity: -1, email: "a", other, more: f() }));
        let call = call.unwrap_or_else(|_| panic!("reads"));
        let names: Vec<String> = call
            .literals
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(names, ["quantity=- 1", "email=\"a\""]);
        assert!(call.value.to_string().contains("Into :: into (\"a\")"));
        assert!(call.companion.is_some());
    }

    #[test]
    fn the_variants_of_an_enum_have_no_companion() {
        for tokens in [
            quote!([::bus] Shape::Circle { r: 1 }),
            quote!([::bus] Unit),
            quote!([::bus] Pair(1, "a")),
        ] {
            let call = checked(tokens).unwrap_or_else(|_| panic!("reads"));
            assert!(call.companion.is_none());
        }
    }
}
