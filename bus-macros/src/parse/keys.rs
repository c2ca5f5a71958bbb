//! `key`, `key = value`, `key(…)` lists: each key once, unknown ones with a suggestion, every mistake told.
use crate::codes;
use crate::errors::{Errors, Mistake};
use crate::model::Set;
use crate::names::unraw;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Expr, LitInt, LitStr, Path, Token, Type};

/// A key and how one writes it.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) example: &'static str,
}

/// Calls `each` for every known key, with the stream behind it. After a mistake it goes on at
/// the next comma. Answers every key as written. Keys that are `foreign` belong to a command.
pub(crate) fn read(
    tokens: TokenStream,
    known: &[Key],
    foreign: &[Key],
    errors: &mut Errors,
    mut each: impl FnMut(&Ident, ParseStream<'_>) -> Result<(), Mistake>,
) -> Vec<Ident> {
    let mut seen: Vec<Ident> = Vec::new();
    let mut all = |input: ParseStream<'_>| -> syn::Result<()> {
        while !input.is_empty() {
            if let Err(mistake) = one(input, (known, foreign), &mut seen, &mut each) {
                errors.push(mistake);
                skip_to_comma(input)?;
            }
            if !input.is_empty() && !input.peek(Token![,]) {
                errors.push(Mistake::of(&codes::BAD_VALUE, input.error("expected `,`")));
                skip_to_comma(input)?;
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    let result = (|input: ParseStream<'_>| all(input)).parse2(tokens);
    if let Err(error) = result {
        errors.push(Mistake::of(&codes::BAD_VALUE, error));
    }
    seen
}

fn one(
    input: ParseStream<'_>,
    (known, foreign): (&[Key], &[Key]),
    seen: &mut Vec<Ident>,
    each: &mut impl FnMut(&Ident, ParseStream<'_>) -> Result<(), Mistake>,
) -> Result<(), Mistake> {
    let key = input.call(Ident::parse_any).map_err(|error| {
        let message = format!("expected a key: {}", list(known));
        Mistake::on(&codes::UNKNOWN_KEY, error.span(), message)
    })?;
    let name = unraw(&key);
    let twice = seen.iter().any(|before| unraw(before) == name);
    seen.push(key.clone());
    if !known.iter().any(|known| known.name == name) {
        if foreign.iter().any(|foreign| foreign.name == name) {
            let message = format!("`{name}` is declared at the command: `#[command({name} …)]`");
            return Err(Mistake::at(&codes::UNKNOWN_KEY, &key, message));
        }
        let names = known.iter().map(|known| known.name);
        return Err(unknown(&codes::UNKNOWN_KEY, "key", &key, names));
    }
    if twice {
        let message = format!("`{name}` is given twice");
        return Err(Mistake::at(&codes::KEY_TWICE, &key, message));
    }
    each(&key, input)
}

/// The mistake of a word that is none of these, with the nearest of them.
pub(crate) fn unknown<'a>(
    code: &'static codes::Code,
    kind: &str,
    word: &Ident,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Mistake {
    let name = unraw(word);
    let hint = match closest(&name, known.clone()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => {
            let all: Vec<String> = known.map(|name| format!("`{name}`")).collect();
            format!("there are {}", all.join(", "))
        }
    };
    Mistake::at(code, word, format!("unknown {kind} `{name}`; {hint}"))
}

fn list(known: &[Key]) -> String {
    let names: Vec<String> = known.iter().map(|key| format!("`{}`", key.name)).collect();
    names.join(", ")
}

/// Past a value with commas of its own, such as `|a, b| true` or `Map<u8, u8>`, as one.
fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    let value = input.fork();
    let _ = value.parse::<Option<Token![=]>>();
    for skip in [skip::<Expr>, skip::<Type>] {
        let ahead = value.fork();
        if skip(&ahead) && (ahead.is_empty() || ahead.peek(Token![,])) {
            input.advance_to(&ahead);
            return Ok(());
        }
    }
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

fn skip<T: Parse>(input: ParseStream<'_>) -> bool {
    input.parse::<T>().is_ok()
}

/// The mistake of a value that is not what `what` says; `known` has the example.
fn wrong(key: &Ident, known: &[Key], what: &str, at: Option<syn::Error>) -> Mistake {
    let name = unraw(key);
    let example = known
        .iter()
        .find(|known| known.name == name)
        .map(|known| known.example)
        .unwrap_or_default();
    let message = format!("`{name}` {what}, for example `{example}`");
    match at {
        Some(error) => Mistake::on(&codes::BAD_VALUE, error.span(), message),
        None => Mistake::at(&codes::BAD_VALUE, key, message),
    }
}

/// The keys of one attribute, for the values behind them.
pub(crate) struct Values<'k>(pub(crate) &'k [Key]);

impl Values<'_> {
    /// No value at all.
    pub(crate) fn flag(&self, key: &Ident, input: ParseStream<'_>) -> Result<Set<()>, Mistake> {
        if input.is_empty() || input.peek(Token![,]) {
            return Ok(Set {
                key: key.clone(),
                value: (),
                at: key.to_token_stream(),
            });
        }
        let message = format!("`{key}` takes no value");
        Err(Mistake::on(&codes::BAD_VALUE, input.span(), message))
    }

    /// `= value`, of a kind that `what` names: "takes a type".
    pub(crate) fn any<T: Parse + ToTokens>(
        &self,
        key: &Ident,
        input: ParseStream<'_>,
        what: &str,
    ) -> Result<Set<T>, Mistake> {
        self.equals(key, input)?;
        let value: T = input
            .parse()
            .map_err(|error| wrong(key, self.0, what, Some(error)))?;
        let at = value.to_token_stream();
        Ok(Set {
            key: key.clone(),
            value,
            at,
        })
    }

    /// `= path`, of a crate or module.
    pub(crate) fn module(&self, key: &Ident, input: ParseStream<'_>) -> Result<Set<Path>, Mistake> {
        let what = "takes the path of a crate";
        self.equals(key, input)?;
        let value = input
            .call(Path::parse_mod_style)
            .map_err(|error| wrong(key, self.0, what, Some(error)))?;
        if value.segments.iter().any(|segment| segment.ident == "Self") {
            let error = syn::Error::new_spanned(&value, "not a module");
            return Err(wrong(key, self.0, what, Some(error)));
        }
        let at = value.to_token_stream();
        Ok(Set {
            key: key.clone(),
            value,
            at,
        })
    }

    /// `= "text"`, read by `read`; its complaint is under `code` and at the literal.
    pub(crate) fn text<T>(
        &self,
        key: &Ident,
        input: ParseStream<'_>,
        code: &'static codes::Code,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Set<T>, Mistake> {
        let literal: Set<LitStr> = self.any(key, input, "takes a text")?;
        let value = read(&literal.value.value())
            .map_err(|message| Mistake::at(code, &literal.value, message))?;
        Ok(Set {
            key: literal.key,
            value,
            at: literal.at,
        })
    }

    /// `= 3`, within a range.
    pub(crate) fn number(
        &self,
        key: &Ident,
        input: ParseStream<'_>,
        range: std::ops::RangeInclusive<u32>,
    ) -> Result<Set<u32>, Mistake> {
        let literal: Set<LitInt> = self.any(key, input, "takes a whole number")?;
        let number = literal.value.base10_parse::<u32>().ok();
        match number.filter(|number| range.contains(number)) {
            Some(value) => Ok(Set {
                key: literal.key,
                value,
                at: literal.at,
            }),
            None => {
                let message = format!(
                    "`{key}` is a whole number from {} to {}",
                    range.start(),
                    range.end()
                );
                Err(Mistake::at(&codes::BAD_NUMBER, &literal.value, message))
            }
        }
    }

    /// The `=` before a value.
    pub(crate) fn equals(&self, key: &Ident, input: ParseStream<'_>) -> Result<(), Mistake> {
        if input.peek(Token![=]) && !input.peek(Token![==]) {
            let _: Token![=] = input
                .parse()
                .map_err(|error| Mistake::of(&codes::BAD_VALUE, error))?;
            return Ok(());
        }
        Err(wrong(key, self.0, "needs a value", None))
    }
}

/// The known word nearest to a wrong one, if any is near.
fn closest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (distance(word, name), name))
        .filter(|(distance, name)| {
            *distance <= 2.min(name.len() / 2) || *distance <= name.len() / 3
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Edits between two words (Levenshtein), with a swap of neighbours as one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = match (i, j) {
                (0, n) | (n, 0) => n,
                _ => {
                    let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    let best = changed.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                    let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                    if swapped {
                        best.min(rows[i - 2][j - 2] + 1)
                    } else {
                        best
                    }
                }
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        let known = ["name", "output", "error", "retries", "rate", "timeout"];
        let near = |word| closest(word, known.into_iter());
        assert_eq!(near("outptu"), Some("output"));
        assert_eq!(near("retrys"), Some("retries"));
        assert_eq!(near("rte"), Some("rate"));
        assert_eq!(near("time_out"), Some("timeout"));
        assert_eq!(near("x"), None);
        assert_eq!(near("authorisation"), None);
    }
}
