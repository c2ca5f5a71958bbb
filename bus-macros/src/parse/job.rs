//! The keys of `#[job(…)]`: those of a command, and its own.
use super::command::{KEYS as COMMAND_KEYS, one as of_command};
use super::keys::{Key, Values, read};
use super::literals;
use crate::codes;
use crate::errors::{Errors, Mistake};
use crate::model::{JobKeys, Options, Set};
use crate::names::unraw;
use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprArray, Lit, LitInt, Path, Token, parenthesized};

const OWN: &[Key] = &[
    Key {
        name: "queue",
        example: "queue = \"emails\"",
    },
    Key {
        name: "priority",
        example: "priority = 9",
    },
    Key {
        name: "delay",
        example: "delay = \"5m\"",
    },
    Key {
        name: "retry_until",
        example: "retry_until = \"1d\"",
    },
    Key {
        name: "retain",
        example: "retain = \"7d\"",
    },
    Key {
        name: "tags",
        example: "tags = [\"mail\", \"bulk\"]",
    },
    Key {
        name: "on_failure",
        example: "on_failure = AlertOps",
    },
    Key {
        name: "no_retry",
        example: "no_retry(Declined)",
    },
    Key {
        name: "at_most_once",
        example: "at_most_once",
    },
];

/// Reads all keys; what is wrong is told and left out.
pub(crate) fn job_options(tokens: TokenStream, errors: &mut Errors) -> Options {
    let keys: Vec<Key> = OWN.iter().chain(COMMAND_KEYS).copied().collect();
    let values = Values(&keys);
    let mut options = Options::default();
    let mut job = JobKeys::default();
    options.keys = read(tokens, &keys, &[], errors, |key, input| {
        match own(&mut job, &values, key, input)? {
            true => Ok(()),
            false => of_command(&mut options, &values, key, input),
        }
    });
    options.job = Some(job);
    options
}

/// Reads a key of a job alone; whether it is one.
fn own(
    job: &mut JobKeys,
    values: &Values<'_>,
    key: &Ident,
    input: ParseStream<'_>,
) -> Result<bool, Mistake> {
    let period = |input| values.text(key, input, &codes::BAD_DURATION, literals::period);
    match unraw(key).as_str() {
        "queue" => job.queue = Some(values.text(key, input, &codes::BAD_QUEUE, queue)?),
        "priority" => job.priority = Some(priority(values, key, input)?),
        "delay" => job.delay = Some(period(input)?),
        "retry_until" => job.retry_until = Some(period(input)?),
        "retain" => job.retain = Some(period(input)?),
        "tags" => job.tags = Some(tags(values, key, input)?),
        "on_failure" => {
            job.on_failure = Some(values.any(key, input, "takes the type of a job")?);
        }
        "no_retry" => job.no_retry = Some(no_retry(key, input)?),
        "at_most_once" => job.at_most_once = Some(values.flag(key, input)?),
        _ => return Ok(false),
    }
    Ok(true)
}

/// The rules of `bus::id::QueueName`, told where the name is written.
fn queue(text: &str) -> Result<String, String> {
    let problem = match text.len() {
        0 => "it is empty".to_owned(),
        length if length > 128 => format!("it has {length} bytes, at most 128 are allowed"),
        _ if text.chars().any(char::is_control) => "it holds a control character".to_owned(),
        _ => return Ok(text.to_owned()),
    };
    Err(format!(
        "this can't name a queue: {problem}; write for example `queue = \"emails\"`"
    ))
}

/// A whole number with its sign.
struct Signed {
    number: Option<i16>,
    at: TokenStream,
}

impl Parse for Signed {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let minus: Option<Token![-]> = input.parse()?;
        let literal: LitInt = input.parse()?;
        let number = literal.base10_parse::<i16>().ok();
        let number = number.map(|number| if minus.is_some() { -number } else { number });
        let mut at = minus.to_token_stream();
        literal.to_tokens(&mut at);
        Ok(Self { number, at })
    }
}

impl ToTokens for Signed {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.at.to_tokens(tokens);
    }
}

fn priority(values: &Values<'_>, key: &Ident, input: ParseStream<'_>) -> Result<Set<i16>, Mistake> {
    let set: Set<Signed> = values.any(key, input, "takes a whole number")?;
    match set
        .value
        .number
        .filter(|number| (-100..=100).contains(number))
    {
        Some(value) => Ok(Set {
            key: set.key,
            value,
            at: set.at,
        }),
        None => {
            let message = "`priority` is a whole number from -100 to 100, higher is sooner";
            Err(Mistake::at(&codes::BAD_NUMBER, &set.at, message))
        }
    }
}

fn tags(
    values: &Values<'_>,
    key: &Ident,
    input: ParseStream<'_>,
) -> Result<Set<Vec<String>>, Mistake> {
    let list: Set<ExprArray> = values.any(key, input, "takes a list of texts")?;
    let mut tags = Vec::new();
    for element in &list.value.elems {
        match element {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) if !text.value().is_empty() => tags.push(text.value()),
                _ => return Err(not_a_tag(element)),
            },
            _ => return Err(not_a_tag(element)),
        }
    }
    Ok(Set {
        key: list.key,
        value: tags,
        at: list.at,
    })
}

fn not_a_tag(element: &Expr) -> Mistake {
    let message = "a tag is a text that is not empty, for example `tags = [\"mail\", \"bulk\"]`";
    Mistake::at(&codes::BAD_VALUE, element, message)
}

/// `no_retry(Declined, PayError::Expired)`
fn no_retry(key: &Ident, input: ParseStream<'_>) -> Result<Set<Vec<Path>>, Mistake> {
    let example = "for example `no_retry(Declined, PayError::Expired)`";
    if !input.peek(syn::token::Paren) {
        let message = format!("`no_retry` takes errors in parentheses, {example}");
        return Err(Mistake::at(&codes::BAD_VALUE, key, message));
    }
    let read = |input: ParseStream<'_>| {
        let inside;
        parenthesized!(inside in input);
        let tokens: TokenStream = inside.parse()?;
        let list = Punctuated::<Path, Token![,]>::parse_terminated.parse2(tokens.clone())?;
        Ok((list.into_iter().collect::<Vec<_>>(), tokens))
    };
    let (value, at) = read(input).map_err(|error: syn::Error| {
        Mistake::on(
            &codes::BAD_VALUE,
            error.span(),
            format!("{error}; {example}"),
        )
    })?;
    if value.is_empty() {
        let message = format!("`no_retry` names no error, {example}");
        return Err(Mistake::at(&codes::BAD_VALUE, key, message));
    }
    Ok(Set {
        key: key.clone(),
        value,
        at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn every_key_of_a_job_is_read() {
        let mut errors = Errors::default();
        let read = job_options(
            quote! {
                queue = "emails", priority = -3, delay = "5m", retry_until = "1d", retain = "7d",
                tags = ["a", "b"], on_failure = ops::Alert, no_retry(Declined, E::Gone), retries = 3,
                at_most_once, output = u8, remote, timeout = "3s"
            },
            &mut errors,
        );
        assert_eq!(errors.into_tokens().to_string(), "");
        let job = read.job.expect("a job");
        assert_eq!(job.priority.expect("read").value, -3);
        assert_eq!(job.no_retry.expect("read").value.len(), 2);
        assert_eq!(job.tags.expect("read").value, ["a", "b"]);
        assert!(job.at_most_once.is_some());
        assert!(read.remote.is_some() && read.timeout.is_some());
    }

    #[test]
    fn a_mistake_gives_one_message() {
        for (tokens, told) in [
            (quote!(queue = ""), "this can't name a queue: it is empty"),
            (quote!(queue = 5), "`queue` takes a text"),
            (quote!(priority = 101), "from -100 to 100"),
            (quote!(priority = "high"), "takes a whole number"),
            (quote!(delay = "soon"), "is not a duration"),
            (quote!(retain = "7"), "has no unit"),
            (quote!(tags = "a"), "takes a list of texts"),
            (quote!(tags = [5]), "a tag is a text"),
            (quote!(tags = [""]), "a tag is a text"),
            (quote!(no_retry = E), "in parentheses"),
            (quote!(no_retry()), "names no error"),
            (quote!(no_retry(5)), "for example `no_retry("),
            (quote!(on_failure = 5), "takes the type of a job"),
            (quote!(at_most_once = true), "`at_most_once` takes no value"),
            (quote!(qeue = "x"), "did you mean `queue`?"),
        ] {
            let mut errors = Errors::default();
            let _ = job_options(tokens.clone(), &mut errors);
            let text = errors.into_tokens().to_string();
            assert!(text.contains(told), "{tokens}: {text}");
            assert_eq!(text.matches("compile_error").count(), 1, "{tokens}: {text}");
        }
    }
}
