//! Whether a literal breaks a `range` or `length` rule of its field.
use crate::model::RuleCheck;
use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::{Lit, Token};

/// What is wrong with the literal, if the bounds are literals too and it is outside of them.
pub(crate) fn broken(check: &RuleCheck) -> Option<String> {
    let (value, what) = match (&check.literal, check.rule.to_string().as_str()) {
        (Lit::Str(text), "length") => (
            Number::Whole(text.value().chars().count() as i128),
            "length",
        ),
        (number, "range") => (signed(number, check.negative)?, "value"),
        _ => return None,
    };
    let bound = |name: &str| {
        let found = check.bounds.iter().find(|(bound, _)| bound == name)?;
        Some((number(&found.1)?, found.1.to_string().replace(' ', "")))
    };
    let below = |(bound, _): &(Number, String)| value.below(bound);
    let above = |(bound, _): &(Number, String)| bound.below(&value);
    let broken = [
        bound("min")
            .filter(below)
            .map(|(_, bound)| format!("at least {bound}")),
        bound("max")
            .filter(above)
            .map(|(_, bound)| format!("at most {bound}")),
        bound("exclusive_min")
            .filter(|b| !above(b))
            .map(|(_, bound)| format!("more than {bound}")),
        bound("exclusive_max")
            .filter(|b| !below(b))
            .map(|(_, bound)| format!("less than {bound}")),
        bound("equal")
            .filter(|b| below(b) || above(b))
            .map(|(_, bound)| format!("exactly {bound}")),
    ];
    let must = broken.into_iter().flatten().next()?;
    let bounds: Vec<String> = check
        .bounds
        .iter()
        .filter(|(name, _)| name != "message" && name != "code")
        .map(|(name, bound)| format!("{name} = {}", bound.to_string().replace(' ', "")))
        .collect();
    let is = match (what, value) {
        ("length", Number::Whole(length)) => format!(
            "has {length} character{}",
            if length == 1 { "" } else { "s" }
        ),
        _ => format!("is {}", check.tokens.to_string().replace(' ', "")),
    };
    Some(format!(
        "`{}` {is}, but its {what} must be {must}: `#[validate({}({}))]`",
        check.field,
        check.rule,
        bounds.join(", "),
    ))
}

/// A literal that can be compared.
#[derive(Clone, Copy)]
enum Number {
    Whole(i128),
    Real(f64),
}

impl Number {
    fn below(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => a < b,
            (a, b) => a.real() < b.real(),
        }
    }

    fn real(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }
}

fn number(tokens: &TokenStream) -> Option<Number> {
    let read = |input: ParseStream<'_>| {
        let negative = input.parse::<Option<Token![-]>>()?.is_some();
        Ok((negative, input.parse::<Lit>()?))
    };
    let (negative, literal) = read.parse2(tokens.clone()).ok()?;
    signed(&literal, negative)
}

fn signed(literal: &Lit, negative: bool) -> Option<Number> {
    match literal {
        Lit::Int(int) => {
            let whole: i128 = int.base10_parse().ok()?;
            Some(Number::Whole(if negative { -whole } else { whole }))
        }
        Lit::Float(float) => {
            let real: f64 = float.base10_parse().ok()?;
            Some(Number::Real(if negative { -real } else { real }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn told(tokens: TokenStream) -> Vec<Option<String>> {
        let checks = crate::parse::rule_checks(tokens).expect("reads");
        checks.iter().map(broken).collect()
    }

    #[test]
    fn literals_are_compared_with_their_rules() {
        let rules = quote! { { range(min = 1, max = 100, message = "m"), } };
        for (literal, word) in [
            (quote!(0), Some("at least 1")),
            (quote!(1), None),
            (quote!(100), None),
            (quote!(101), Some("at most 100")),
            (quote!(-1), Some("at least 1")),
            (quote!(0x10), None),
            (quote!(0.5), Some("at least 1")),
            (quote!(7u8), None),
            (quote!("7"), None),
        ] {
            let told = told(quote!({ quantity (#literal) } { quantity #rules }));
            assert_eq!(told.len(), 1);
            match (word, &told[0]) {
                (Some(word), Some(text)) => assert!(text.contains(word), "{text}"),
                (None, None) => {}
                other => panic!("{literal}: {other:?}"),
            }
        }
        let text = told(quote!({ name ("") } { name { length(min = 1), } }));
        let text = text[0].as_deref().expect("broken");
        assert_eq!(
            text,
            "`name` has 0 characters, but its length must be at least 1: `#[validate(length(min = 1))]`"
        );
    }

    #[test]
    fn bounds_that_are_no_literals_are_left_to_the_run() {
        assert_eq!(told(quote!({ a (0) } { a { range(min = MIN), } })), [None]);
        assert!(told(quote!({ a (0) } { b { range(min = 1), } })).is_empty());
        let exclusive = told(quote!({ a (0) } { a { range(exclusive_min = 0), } }));
        assert!(
            exclusive[0]
                .as_deref()
                .is_some_and(|text| text.contains("more than 0"))
        );
    }
}
