//! Sanitized, then validated, then handled: what is invalid never reaches its handler.
use bus::prelude::*;
use bus::validator::{Validate, ValidationError, ValidationErrors};
use bus::{Error, Invalid, Sanitize, sanitized};
use bus_tests::Log;
use serde::Serialize;
use std::borrow::Cow;
use std::error::Error as _;

#[derive(Debug)]
#[command(output = PlaceOrder)]
#[validate(schema(function = total_is_small))]
struct PlaceOrder {
    #[sanitize(trim, lowercase)]
    #[validate(email, length(max = 30))]
    email: String,
    #[sanitize(trim, collapse_whitespace)]
    #[validate(custom(function = no_digits, message = "a name has no digits"))]
    name: Option<String>,
    #[sanitize(nested)]
    #[validate(nested, length(min = 1))]
    lines: Vec<Line>,
    #[sanitize(with = sort)]
    tags: Vec<u8>,
}

/// `Serialize`, as a rule of the list puts the list into its error.
#[derive(Debug, Serialize, Validate)]
#[validate(crate = "bus::validator")]
#[sanitized]
struct Line {
    #[sanitize(trim, uppercase)]
    #[validate(length(equal = 3))]
    sku: String,
    #[validate(range(min = 1, max = 100))]
    quantity: u32,
    #[sanitize(nested)]
    #[validate(nested)]
    gift: Option<Gift>,
}

#[derive(Debug, Serialize, Validate)]
#[validate(crate = "bus::validator")]
#[sanitized]
struct Gift {
    #[sanitize(trim)]
    #[validate(length(min = 1))]
    to: String,
}

#[expect(clippy::ptr_arg, reason = "a sanitizer takes the field's type")]
fn sort(tags: &mut Vec<u8>) {
    tags.sort_unstable();
}

fn no_digits(name: &str) -> Result<(), ValidationError> {
    match name.chars().any(|c| c.is_ascii_digit()) {
        true => Err(ValidationError::new("digits")),
        false => Ok(()),
    }
}

fn total_is_small(order: &PlaceOrder) -> Result<(), ValidationError> {
    match order.lines.iter().map(|line| line.quantity).sum::<u32>() {
        0..=200 => Ok(()),
        _ => Err(ValidationError::new("total").with_message(Cow::Borrowed("more than 200 in all"))),
    }
}

#[handler]
fn place_order(order: PlaceOrder, log: &Log) -> PlaceOrder {
    log.add("handled");
    order
}

fn line(sku: &str, quantity: u32) -> Line {
    Line {
        sku: sku.into(),
        quantity,
        gift: None,
    }
}

fn order(lines: Vec<Line>) -> PlaceOrder {
    PlaceOrder {
        email: "ann@example.org".into(),
        name: None,
        lines,
        tags: Vec::new(),
    }
}

async fn bus(log: &Log) -> Bus {
    let bus = Bus::builder().state(log.clone()).partial();
    bus.build().await.unwrap()
}

/// Dispatches what must be refused; gives the paths and codes of the broken rules.
async fn broken(order: PlaceOrder) -> (Vec<(String, String)>, Invalid) {
    let log = Log::default();
    match bus(&log).await.dispatch(order).await {
        Err(Error::Invalid(invalid)) => {
            assert!(log.take().is_empty(), "the handler was called");
            let fields = invalid.fields().into_iter();
            let fields = fields.map(|(path, error)| (path, error.code.to_string()));
            (fields.collect(), invalid)
        }
        other => panic!("{other:?}"),
    }
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = expected
        .iter()
        .map(|(path, code)| (path.to_string(), code.to_string()));
    owned.collect()
}

#[tokio::test]
async fn what_is_clean_after_sanitizing_is_handled_and_cleaned() {
    let log = Log::default();
    let mut given = order(vec![line(" abc ", 1)]);
    given.email = "  Ann@Example.ORG\n".into();
    given.name = Some("  Ann \t  Lee ".into());
    given.lines[0].gift = Some(Gift { to: " Bob ".into() });
    given.tags = vec![3, 1, 2];
    let order = bus(&log).await.dispatch(given).await.unwrap();
    assert_eq!(order.email, "ann@example.org");
    assert_eq!(order.name.as_deref(), Some("Ann Lee"));
    assert_eq!(order.lines[0].sku, "ABC");
    assert_eq!(order.lines[0].gift.as_ref().unwrap().to, "Bob");
    assert_eq!(order.tags, [1, 2, 3]);
    assert_eq!(log.take(), ["handled"]);
}

#[tokio::test]
async fn every_broken_rule_is_listed_with_its_path() {
    let mut order = order(vec![line("abc", 1), line("abcd", 0), line("abc", 101)]);
    order.email = "nobody, but long enough to be too long".into();
    order.name = Some("R2 D2".into());
    order.lines[2].gift = Some(Gift { to: "  ".into() });
    let (fields, invalid) = broken(order).await;
    assert_eq!(
        fields,
        pairs(&[
            ("email", "length"),
            ("email", "email"),
            ("lines[1].quantity", "range"),
            ("lines[1].sku", "length"),
            ("lines[2].gift.to", "length"),
            ("lines[2].quantity", "range"),
            ("name", "digits"),
        ])
    );
    assert_eq!(invalid.command().short_name(), "PlaceOrder");
    let text = invalid.to_string();
    assert!(
        text.contains("PlaceOrder` is invalid: email: length (max 30); email: email; "),
        "{text}"
    );
    assert!(
        text.contains("lines[1].quantity: range (max 100, min 1)"),
        "{text}"
    );
    assert!(text.contains("name: a name has no digits"), "{text}");
    assert!(!text.contains("R2"), "the values may be secrets: {text}");
}

#[tokio::test]
async fn a_rule_of_a_list_and_a_rule_of_the_whole_have_paths_too() {
    assert_eq!(broken(order(vec![])).await.0, pairs(&[("lines", "length")]));
    let many = vec![line("abc", 100), line("abc", 100), line("abc", 1)];
    let (fields, invalid) = broken(order(many)).await;
    assert_eq!(fields, pairs(&[("", "total")]));
    assert!(
        invalid
            .to_string()
            .ends_with("the whole: more than 200 in all")
    );
}

#[tokio::test]
async fn the_cause_is_the_validators_own_error() {
    let log = Log::default();
    let error = bus(&log).await.dispatch(order(vec![])).await.unwrap_err();
    let source = error.source().unwrap();
    let errors = source.downcast_ref::<ValidationErrors>().unwrap();
    assert!(errors.errors().contains_key("lines"));
    assert_eq!(error.retry_after(), None);
}

/// Rules written by hand, asked for by the key.
#[command(validate, output = u32)]
struct Even(u32);

impl Validate for Even {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::new();
        if !self.0.is_multiple_of(2) {
            errors.add("0", ValidationError::new("even"));
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }
}

#[handler]
fn even(cmd: Even) -> u32 {
    cmd.0
}

#[tokio::test]
async fn rules_by_hand_are_asked() {
    assert_eq!(bus::dispatch(Even(2)).await.unwrap(), 2);
    let error = bus::dispatch(Even(3)).await.unwrap_err();
    assert!(
        error.to_string().ends_with("Even` is invalid: 0: even"),
        "{error}"
    );
}

/// Every form of a command is sanitized.
#[command(output = String)]
enum Note {
    Text(#[sanitize(trim)] String),
    Named {
        #[sanitize(uppercase)]
        title: Option<String>,
        #[sanitize(collapse_whitespace, lowercase)]
        lines: Vec<String>,
    },
    Empty,
}

#[handler]
fn note(note: Note) -> String {
    match note {
        Note::Text(text) => text,
        Note::Named { title, lines } => format!("{title:?} {lines:?}"),
        Note::Empty => String::new(),
    }
}

#[command(output = (String, &'static str))]
struct Pair(#[sanitize(trim, lowercase)] String, &'static str);

#[handler]
fn pair(pair: Pair) -> (String, &'static str) {
    (pair.0, pair.1)
}

#[tokio::test]
async fn enums_and_tuples_are_sanitized() {
    let text = bus::dispatch(Note::Text(" a ".into())).await.unwrap();
    assert_eq!(text, "a");
    let named = Note::Named {
        title: Some("straße".into()),
        lines: vec!["A  B".into(), "c".into()],
    };
    let named = bus::dispatch(named).await.unwrap();
    assert_eq!(named, "Some(\"STRASSE\") [\"a b\", \"c\"]");
    assert_eq!(bus::dispatch(Note::Empty).await.unwrap(), "");
    let pair = bus::dispatch(Pair(" A ".into(), " A ")).await.unwrap();
    assert_eq!(pair, ("a".into(), " A "));
}

#[test]
fn a_nested_type_sanitizes_itself() {
    let mut gift = Some(Gift { to: " x ".into() });
    gift.sanitize();
    assert_eq!(gift.unwrap().to, "x");
}
