//! The keys of `#[command(…)]`.
use super::keys::{Key, Values, read};
use super::{literals, policies};
use crate::codes;
use crate::errors::{Errors, Mistake};
use crate::model::{Backoff, Options, Set};
use crate::names::unraw;
use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{ExprArray, LitStr, Path, Token, parenthesized};

pub(super) const KEYS: &[Key] = &[
    Key {
        name: "name",
        example: "name = \"orders.place\"",
    },
    Key {
        name: "version",
        example: "version = 2",
    },
    Key {
        name: "output",
        example: "output = OrderId",
    },
    Key {
        name: "error",
        example: "error = OrderError",
    },
    Key {
        name: "remote",
        example: "remote",
    },
    Key {
        name: "validate",
        example: "validate",
    },
    Key {
        name: "authorize",
        example: "authorize = only_admins",
    },
    Key {
        name: "rate",
        example: "rate = \"10/s\"",
    },
    Key {
        name: "timeout",
        example: "timeout = \"5s\"",
    },
    Key {
        name: "retries",
        example: "retries = 3",
    },
    Key {
        name: "backoff",
        example: "backoff = \"exponential(1s, max = 1h, jitter)\"",
    },
    Key {
        name: "throttle",
        example: "throttle = \"5 failures/10m\"",
    },
    Key {
        name: "middleware",
        example: "middleware = [Audit]",
    },
    Key {
        name: "crate",
        example: "crate = my::bus",
    },
];

/// As many attempts as anyone can mean: more is a slip of the pen.
const MOST_RETRIES: u32 = 1000;

/// Reads all keys; what is wrong is told and left out.
pub(crate) fn options(tokens: TokenStream, errors: &mut Errors) -> Options {
    let mut options = Options::default();
    options.keys = read(tokens, KEYS, &[], errors, |key, input| {
        one(&mut options, &Values(KEYS), key, input)
    });
    options
}

/// Reads the value of one key.
pub(super) fn one(
    options: &mut Options,
    values: &Values<'_>,
    key: &Ident,
    input: ParseStream<'_>,
) -> Result<(), Mistake> {
    match unraw(key).as_str() {
        "name" => options.name = Some(values.text(key, input, &codes::BAD_NAME, name)?),
        "version" => {
            let set = values.number(key, input, 1..=u32::from(u16::MAX))?;
            let value = u16::try_from(set.value).expect("within the range");
            options.version = Some(Set {
                key: set.key,
                value,
                at: set.at,
            });
        }
        "output" => options.output = Some(values.any(key, input, "takes a type")?),
        "error" => options.error = Some(values.any(key, input, "takes a type")?),
        "remote" => options.remote = Some(values.flag(key, input)?),
        "validate" => options.validate = Some(values.flag(key, input)?),
        "authorize" => {
            options.authorize = Some(values.any(key, input, "takes the path of a function")?);
        }
        "rate" => options.rate = Some(values.text(key, input, &codes::BAD_RATE, policies::rate)?),
        "timeout" => {
            options.timeout =
                Some(values.text(key, input, &codes::BAD_DURATION, literals::period)?);
        }
        "retries" => options.retries = Some(values.number(key, input, 0..=MOST_RETRIES)?),
        "backoff" => options.backoff = Some(backoff(values, key, input)?),
        "throttle" => options.throttle = Some(throttle(values, key, input)?),
        "middleware" => {
            let list: Set<ExprArray> = values.any(key, input, "takes a list of values")?;
            let value = list.value.elems.into_iter().collect();
            options.middleware = Some(Set {
                key: list.key,
                value,
                at: list.at,
            });
        }
        _ => options.bus = Some(values.module(key, input)?),
    }
    Ok(())
}

fn name(text: &str) -> Result<String, String> {
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    match plain && (1..=200).contains(&text.chars().count()) {
        true => Ok(text.to_owned()),
        false => Err("a stored name is 1 to 200 characters without white space, for example \"orders.place\"".into()),
    }
}

/// A text or the path of a function.
fn backoff(
    values: &Values<'_>,
    key: &Ident,
    input: ParseStream<'_>,
) -> Result<Set<Backoff>, Mistake> {
    let behind = input.fork();
    let is_path = behind.parse::<Token![=]>().is_ok()
        && !behind.peek(syn::Lit)
        && behind.parse::<Path>().is_ok();
    if is_path {
        let path: Set<Path> = values.any(key, input, "takes a text or a path")?;
        return Ok(Set {
            key: path.key,
            value: Backoff::Function(path.value),
            at: path.at,
        });
    }
    values.text(key, input, &codes::BAD_BACKOFF, policies::backoff)
}

/// `throttle = "…"`, or `throttle("…", only(Error::Variant, …))`.
fn throttle(
    values: &Values<'_>,
    key: &Ident,
    input: ParseStream<'_>,
) -> Result<Set<crate::model::Throttle>, Mistake> {
    if !input.peek(syn::token::Paren) {
        return values.text(key, input, &codes::BAD_THROTTLE, policies::throttle);
    }
    let (literal, only) = in_parentheses(input).map_err(|error| {
        let message = format!(
            "{error}; a throttle of some errors is written `throttle(\"5 failures/10m\", only(PayError::Unreachable))`"
        );
        Mistake::on(&codes::BAD_THROTTLE, error.span(), message)
    })?;
    let mut value = policies::throttle(&literal.value())
        .map_err(|message| Mistake::at(&codes::BAD_THROTTLE, &literal, message))?;
    value.only = only;
    Ok(Set {
        key: key.clone(),
        value,
        at: literal.to_token_stream(),
    })
}

/// Takes the whole group first: what a mistake leaves unread in it is no further mistake.
fn in_parentheses(input: ParseStream<'_>) -> syn::Result<(LitStr, Vec<Path>)> {
    let inside;
    parenthesized!(inside in input);
    let tokens: TokenStream = inside.parse()?;
    arguments.parse2(tokens)
}

fn arguments(inside: ParseStream<'_>) -> syn::Result<(LitStr, Vec<Path>)> {
    let literal: LitStr = inside.parse()?;
    if inside.is_empty() {
        return Ok((literal, Vec::new()));
    }
    inside.parse::<Token![,]>()?;
    if inside.is_empty() {
        return Ok((literal, Vec::new()));
    }
    let word: Ident = inside.parse()?;
    if word != "only" {
        return Err(syn::Error::new(word.span(), "expected `only(…)`"));
    }
    let errors;
    parenthesized!(errors in inside);
    let only = Punctuated::<Path, Token![,]>::parse_terminated(&errors)?;
    inside.parse::<Option<Token![,]>>()?;
    if !inside.is_empty() {
        return Err(inside.error("nothing is expected here"));
    }
    Ok((literal, only.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn mistakes(tokens: TokenStream) -> String {
        let mut errors = Errors::default();
        let _ = options(tokens, &mut errors);
        errors.into_tokens().to_string()
    }

    #[test]
    fn every_key_is_read() {
        let mut errors = Errors::default();
        let read = options(
            quote! {
                name = "orders.place", version = 2, output = Vec<(u8, u16)>, error = E, remote, validate,
                authorize = auth::only, rate = "10/s per a", timeout = "5s", retries = 3, backoff = backoffs::mine,
                throttle("5 failures/10m", only(E::A, E::B)), middleware = [Audit, Retry::new(3)], crate = my::bus,
            },
            &mut errors,
        );
        assert_eq!(errors.into_tokens().to_string(), "");
        assert_eq!(read.keys.len(), KEYS.len());
        assert_eq!(read.throttle.expect("read").value.only.len(), 2);
        assert_eq!(read.middleware.expect("read").value.len(), 2);
        assert!(matches!(
            read.backoff.expect("read").value,
            Backoff::Function(_)
        ));
        assert!(read.remote.is_some() && read.validate.is_some() && read.bus.is_some());
    }

    #[test]
    fn every_mistake_of_an_attribute_is_told() {
        let text = mistakes(quote!(
            outptu = u8,
            rate = "10/fortnight",
            retries = "3",
            timeout,
            remote = true,
            version = 0,
            rate = "1/s"
        ));
        for told in [
            "unknown key `outptu`; did you mean `output`? [BUS010]",
            "unknown unit `fortnight`: use `ms`, `s`, `m`, `h`, `d` or `w` [BUS014]",
            "`retries` takes a whole number, for example `retries = 3` [BUS012]",
            "needs a value, for example",
            "`remote` takes no value [BUS012]",
            "`version` is a whole number from 1 to 65535 [BUS017]",
            "`rate` is given twice [BUS011]",
        ] {
            assert!(text.contains(told), "{told}\n{text}");
        }
        assert_eq!(text.matches("compile_error").count(), 7, "{text}");
    }

    #[test]
    fn a_mistake_gives_one_message() {
        for (tokens, told) in [
            (quote!(rate = 10), "`rate` takes a text"),
            (quote!(output = ), "`output` takes a type"),
            (quote!(output u8), "`output` needs a value"),
            (quote!(backoff = 5), "`backoff` takes a text"),
            (quote!(backoff = "soon"), "is not a backoff"),
            (
                quote!(throttle("5 failures/10m", onyl(A))),
                "expected `only(…)`",
            ),
            (quote!(throttle(5)), "expected string literal"),
            (quote!(middleware = Audit), "takes a list of values"),
            (quote!(= 3), "expected a key"),
            (quote!(remote validate), "`remote` takes no value"),
            (quote!(retries = 99999), "from 0 to 1000"),
            (quote!(name = ""), "1 to 200 characters"),
            (quote!(authorize = |c| true), "takes the path of a function"),
            (quote!(output = u8 error = u8), "expected `,`"),
        ] {
            let text = mistakes(tokens.clone());
            assert!(text.contains(told), "{tokens}: {text}");
            assert_eq!(text.matches("compile_error").count(), 1, "{tokens}: {text}");
        }
    }
}
