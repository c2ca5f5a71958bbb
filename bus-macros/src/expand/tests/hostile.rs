//! Random attributes on random items: never a panic, always either a `compile_error!` or items.
use crate::entry;
use proc_macro2::TokenStream;
use proptest::prelude::*;

/// Words that the macros know, and some that they do not.
fn word() -> impl Strategy<Value = String> {
    let words = [
        "name",
        "version",
        "output",
        "error",
        "remote",
        "validate",
        "authorize",
        "rate",
        "timeout",
        "retries",
        "backoff",
        "throttle",
        "middleware",
        "crate",
        "only",
        "per",
        "self",
        "r#type",
        "outptu",
        "_",
        "x",
        "trim",
        "lowercase",
        "nested",
        "with",
        "range",
        "length",
        "min",
        "max",
        "Self",
        "dyn",
        "where",
        "for",
        "impl",
    ];
    prop::sample::select(words.to_vec()).prop_map(str::to_owned)
}

fn literal() -> impl Strategy<Value = String> {
    let literals = [
        "3",
        "0",
        "-1",
        "1.5",
        "99999999999999999999",
        "true",
        "'c'",
        "b\"x\"",
        "\"\"",
        "\"5s\"",
        "\"10/s per a, b\"",
        "\"100/5m burst 2\"",
        "\"fixed(1s)\"",
        "\"list(1s,)\"",
        "\"5 failures/10m\"",
        "\"a b\"",
        "\"é\"",
        "r\"raw\"",
        "7u8",
    ];
    prop::sample::select(literals.to_vec()).prop_map(str::to_owned)
}

fn punctuation() -> impl Strategy<Value = String> {
    let marks = [
        "=", ",", "::", "&", "<", ">", ";", ":", "->", "!", "#", "..", "|", "'a", "$",
    ];
    prop::sample::select(marks.to_vec()).prop_map(str::to_owned)
}

/// Balanced tokens.
fn tokens() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![3 => word(), 2 => literal(), 3 => punctuation()];
    let tree = leaf.prop_recursive(3, 24, 6, |inner| {
        (prop::collection::vec(inner, 0..6), 0..3_usize).prop_map(|(inside, kind)| {
            let (open, close) = [("(", ")"), ("[", "]"), ("{", "}")][kind];
            format!("{open} {} {close}", inside.join(" "))
        })
    });
    prop::collection::vec(tree, 0..10).prop_map(|trees| trees.join(" "))
}

/// Likelier to get past the first mistake: known keys with values.
fn attribute() -> impl Strategy<Value = String> {
    let key = (word(), prop_oneof![literal(), word(), tokens()])
        .prop_map(|(key, value)| format!("{key} = {value}"));
    prop_oneof![
        prop::collection::vec(key, 0..6).prop_map(|keys| keys.join(", ")),
        tokens()
    ]
}

fn item() -> impl Strategy<Value = String> {
    prop_oneof![
        (attribute(), attribute(), word()).prop_map(|(a, b, name)| format!(
            "pub struct {name} {{ #[sanitize({a})] #[validate({b})] a: String, b: u8 }}"
        )),
        attribute().prop_map(|a| format!(
            "#[sanitize({a})] enum E {{ A(#[sanitize({a})] u8), B {{ #[validate] x: u8 }}, C }}"
        )),
        tokens().prop_map(|t| format!("struct S<{t}>({t});")),
        (tokens(), tokens(), tokens())
            .prop_map(|(a, b, c)| format!("async fn f<{a}>(x: X, {b}) -> {c} {{ {a} }}")),
        (tokens(), tokens()).prop_map(|(a, b)| format!(
            "impl S {{ #[handler({a})] fn f(&self, {b}) {{ {a} }} {b} ; }}"
        )),
        tokens(),
    ]
}

/// The tokens, if the text is any: what random text is none of is not what a macro gets.
fn lexed(text: &str) -> Option<TokenStream> {
    text.parse().ok()
}

/// What does not parse as items must be explained by an error, or have been no item before.
fn sound(item: &TokenStream, expanded: TokenStream) -> Result<(), TestCaseError> {
    let text = expanded.to_string();
    prop_assert!(!text.contains("BUS099"), "panicked: {text}");
    let told = text.contains("compile_error");
    let was_item = syn::parse2::<syn::File>(item.clone()).is_ok();
    let is_items = syn::parse2::<syn::File>(expanded).is_ok();
    prop_assert!(told || is_items, "neither an error nor items: {text}");
    prop_assert!(is_items || !was_item, "an item became none: {text}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn attributes_on_items(attribute in attribute(), item in item()) {
        let (Some(attribute), Some(item)) = (lexed(&attribute), lexed(&item)) else { return Ok(()) };
        for run in [entry::command, entry::job, entry::handler, entry::handlers, entry::sanitized] {
            sound(&item, run(attribute.clone(), item.clone()))?;
        }
    }

    #[test]
    fn calls(call in tokens()) {
        let Some(tokens) = lexed(&format!("[::bus] {call}")) else { return Ok(()) };
        for run in [entry::checked, entry::wire, entry::contract] {
            let expanded = run(tokens.clone()).to_string();
            prop_assert!(!expanded.contains("BUS099"), "panicked: {expanded}");
            prop_assert!(!expanded.is_empty());
        }
        let Some(tokens) = lexed(&call) else { return Ok(()) };
        let expanded = entry::rules(tokens).to_string();
        prop_assert!(!expanded.contains("BUS099"), "panicked: {expanded}");
    }
}
