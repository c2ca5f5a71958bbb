//! `docs/errors.md`, made from the table and from the cases of `ui-tests`.
use super::Code;
use super::tests::all;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const HEAD: &str = "\
# Errors by number

Every message of bus ends with a number. Most are build errors; the page is made from the table in
`bus-macros/src/codes.rs` and from the cases in `ui-tests`, so each example is compiled and each
message is what the compiler says.

## My handler is not found: `bus_error__no_handler_is_linked_for_command__…`

A command that is declared `remote` finds its handler when the program is linked. If there is none,
the linker stops at a name that says so: behind `…_for_command__` stand the crate and the type of
the command. How the line begins depends on the linker:

```text
rust-lld: error: undefined symbol: bus_error__no_handler_is_linked_for_command__contracts__PlaceOrder__1976d4a7
undefined reference to `bus_error__no_handler_is_linked_for_command__contracts__PlaceOrder__1976d4a7'
```

1. **The crate with the handler is in Cargo.toml, but no line of code names it.** Such a crate is
   not linked at all. Write `bus::wire!(app);` once in the binary, or `use app as _;`.
2. **No crate has a handler yet.** Write one: `#[handler] async fn name(command: PlaceOrder) -> …`.
3. **This program never runs the command and only mentions it**, as a test of a web crate does.
   Write a handler in the test: `#[cfg(test)] #[bus::handler] fn fake(_: PlaceOrder) -> …`.
4. **The handler stands in the command's own crate.** Then `remote` is not needed.

`bus::wire!(app; contracts)` tells the same under `cargo check`, at the line of the `wire!`, for the
commands that `contracts` lists in `bus::contract! { … }`.

Two handlers are the same name twice, with the places of both:

```text
rust-lld: error: duplicate symbol: bus_error__no_handler_is_linked_for_command__contracts__PlaceOrder__1976d4a7
multiple definition of `bus_error__no_handler_is_linked_for_command__contracts__PlaceOrder__1976d4a7'
error: symbol `bus_error__no_handler_is_linked_for_command__app__PlaceOrder__1976d4a7` is already defined
```

Remove one of the handlers, or link one of the crates only. Some linkers let one of both mistakes
pass (mold takes the first of two handlers, wasm imports a missing one): `bus::verify()` tells it at
start, and the test that `wire!` adds calls it.
";

/// `UPDATE=1 cargo test -p bus-macros` writes it.
#[test]
fn the_page_of_errors_is_this_table() {
    let mut page = String::from(HEAD);
    for code in all() {
        section(&mut page, code);
    }
    let path = beside("docs/errors.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().expect("has a folder")).expect("docs/ can be made");
        std::fs::write(&path, &page).expect("docs/errors.md can be written");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(stored, page, "run `UPDATE=1 cargo test -p bus-macros`");
}

fn section(page: &mut String, code: &Code) {
    let Code {
        number,
        mistake,
        cause,
        fix,
        case,
    } = code;
    write!(
        page,
        "\n## {number}: {mistake}\n\n{cause}\n\n**Fix:** {fix}\n"
    )
    .expect("to a string");
    if case.is_empty() {
        return;
    }
    let name = case.rsplit('/').next().expect("has a name");
    let wrong = example(&format!("ui-tests/fail/{case}.rs"));
    let right = example(&format!("ui-tests/fixed/{name}.rs"));
    let told = message(&format!("ui-tests/fail/{case}.stderr"), number);
    write!(
        page,
        "\nWrong:\n\n```rust\n{wrong}\n```\n\n```text\n{told}\n```\n\nRight:\n\n```rust\n{right}\n```\n"
    )
    .expect("to a string");
}

/// A case without what all of them have.
fn example(path: &str) -> String {
    let common = |line: &&str| {
        !line.starts_with("//") && *line != "use bus::prelude::*;" && *line != "fn main() {}"
    };
    let text = read(path);
    let lines: Vec<&str> = text.lines().filter(common).collect();
    lines.join("\n").trim().to_owned()
}

/// The message with the number, to the end of its paragraph; else what the compiler says itself.
fn message(path: &str, number: &str) -> String {
    let text = read(path);
    let numbered = |one: &&str| one.lines().next().is_some_and(|line| line.contains(number));
    let own = text.split("\n\n").next().unwrap_or_default();
    text.split("\n\n")
        .find(numbered)
        .unwrap_or(own)
        .trim_end()
        .to_owned()
}

fn read(path: &str) -> String {
    let path = beside(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn beside(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
