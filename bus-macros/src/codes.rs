//! Every numbered mistake: the one table that messages and `docs/errors.md` are made of.

/// One kind of mistake a user can make.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// What a message ends with: `BUS012`.
    pub(crate) number: &'static str,
    /// The mistake, in a few words.
    pub(crate) mistake: &'static str,
    /// How one comes to make it.
    pub(crate) cause: &'static str,
    /// What to write instead.
    pub(crate) fix: &'static str,
}

/// Declares the constants and the table of all of them from one list.
macro_rules! codes {
    ($($name:ident = $number:literal, $mistake:literal, $cause:literal, $fix:literal;)*) => {
        $(
            #[doc = $mistake]
            pub(crate) const $name: Code = Code {
                number: $number,
                mistake: $mistake,
                cause: $cause,
                fix: $fix,
            };
        )*
        /// All of them, by number.
        #[cfg(test)]
        pub(crate) const ALL: &[Code] = &[$($name),*];
    };
}

/// The mistakes that the macros see themselves.
mod own {
    use super::Code;

    codes! {
        UNKNOWN_KEY = "BUS010", "an unknown key",
            "An attribute has a key that it does not know, often a slip of the pen.",
            "Write the key that the message suggests, or one of those it lists.";
        KEY_TWICE = "BUS011", "a key given twice",
            "One attribute states the same key twice; which of the two counts would be a guess.",
            "Keep one of them.";
        BAD_VALUE = "BUS012", "a value of the wrong form",
            "A key has no value, a value of another kind (a number where a text is due), or a comma is missing.",
            "Write the value as in the example of the message.";
        BAD_DURATION = "BUS013", "a duration that can't be read",
            "A duration is one or more of number and unit: `ms`, `s`, `m`, `h`, `d`, `w`. It is neither zero nor longer than 500 years.",
            "For example `timeout = \"5s\"`, `\"250ms\"` or `\"1h 30m\"`.";
        BAD_RATE = "BUS014", "a rate that can't be read",
            "A rate is a count and a period, then optionally a burst and the fields that each have a limit of their own.",
            "For example `rate = \"10/s\"`, `\"100/5m\"`, `\"100/s burst 20\"` or `\"10/s per account, kind\"`.";
        BAD_BACKOFF = "BUS015", "a backoff that can't be read",
            "A backoff is `fixed(…)`, `list(…)`, `exponential(…)`, or the path of a function from the number of the failed attempt to a `Duration`.",
            "For example `backoff = \"exponential(1s, max = 1h, jitter)\"`, `\"fixed(30s)\"`, `\"list(1s, 10s, 1m)\"` or `backoff = my_backoff`.";
        BAD_THROTTLE = "BUS016", "a throttle that can't be read",
            "A throttle opens the circuit after a number of failures within a time.",
            "For example `throttle = \"5 failures/10m\"`, or `throttle(\"5 failures/10m\", only(PayError::Unreachable))`.";
        BAD_NUMBER = "BUS017", "a number out of range",
            "`retries` is a whole number from 0 to 1000, `version` one from 1 to 65535, `priority` one from -100 to 100.",
            "Write a number within the range.";
        NO_SUCH_FIELD = "BUS018", "a key field that does not exist",
            "`per …` names a field that the command does not have.",
            "Name one of the fields that the message lists; the fields of a tuple struct are `0`, `1`, …";
        CONTRADICTION = "BUS019", "keys that exclude or need each other",
            "Two keys of one attribute contradict each other, or one has no meaning without another, as `backoff` without `retries`.",
            "Remove one of the two, or add the missing one.";
        GENERIC_COMMAND = "BUS020", "a generic command",
            "A handler is found by the type of its command alone, and a stored command by its name; a generic type is many types.",
            "Write one command for each type that is really used, or put an enum in the field.";
        WRONG_ITEM = "BUS021", "an attribute on the wrong kind of item",
            "`#[command]` goes on a struct or an enum, `#[handler]` on a function, `#[handlers]` on an `impl` block of a type.",
            "Move the attribute to such an item.";
        SELF_OUTSIDE = "BUS022", "a method as a handler outside `#[handlers]`",
            "An attribute on a method does not see the type that the method belongs to.",
            "Put `#[handlers]` on the `impl` block and keep `#[handler]` on the method; or take what you need as `&T`, the state of the bus.";
        GENERIC_HANDLER = "BUS023", "a generic handler",
            "A handler is called by the bus, which would have to guess its type parameters (`impl Trait` in an argument is one, too).",
            "Write the types; for state behind a trait inject `&Arc<dyn Trait>`.";
        NO_COMMAND = "BUS024", "a handler without a command",
            "A handler takes its command as the first argument.",
            "Write `async fn name(command: PlaceOrder, …)`.";
        COMMAND_FIRST = "BUS025", "a first argument that is not the command by value",
            "The first argument of a handler is its command: a plain type path, owned. References after it are injected state.",
            "Write `command: PlaceOrder` first, without `&`.";
        BAD_SIGNATURE = "BUS026", "a signature that the bus can't call",
            "A handler is neither `unsafe` nor variadic, and its return type is written out (the declaration is compared with it).",
            "Remove the qualifier; write `-> Result<Output, Error>` instead of `impl Trait`.";
        FOREIGN_HANDLER = "BUS027", "a handler of another crate's local command",
            "The handler of a command is looked for in the command's own crate, unless the command is declared `remote`.",
            "Move the handler to that crate, or declare the command `#[command(remote, …)]`.";
        NO_HANDLERS = "BUS028", "a `#[handlers]` block that handles nothing",
            "No method of the block has `#[handler]`.",
            "Put `#[handler]` on the methods that are handlers, or remove `#[handlers]`.";
        BAD_RECEIVER = "BUS029", "a method that does not take `&self`",
            "The service of a method handler is shared state of the bus; it can be neither moved nor changed by one call.",
            "Take `&self`; keep what changes in a mutex, an atomic or a store.";
        VALIDATE_SHAPE = "BUS030", "rules on an item that can't have them",
            "The `validator` crate derives its rules for structs with named fields only.",
            "Name the fields, or implement `Validate` by hand and write `#[command(validate)]`.";
        BAD_SANITIZE = "BUS031", "a sanitizer that does not exist",
            "`#[sanitize(…)]` takes `trim`, `lowercase`, `uppercase`, `collapse_whitespace`, `with = path` and `nested`.",
            "Write one of these; `with = path` calls any `fn(&mut T)`.";
        BREAKS_RULE = "BUS033", "a literal that breaks its own rule",
            "The literal in `checked!(…)` is refused by the `range` or `length` rule of its field.",
            "Write a value that the rule admits.";
        BAD_CALL = "BUS034", "a macro call that can't be read",
            "`checked!` takes one value of a command, `wire!` crates, `contract!` commands.",
            "Write it as in the example of the message.";
        BAD_NAME = "BUS035", "a stored name that can't be used",
            "A stored name is 1 to 200 characters without white space or control characters.",
            "For example `name = \"orders.place\"`.";
        BAD_QUEUE = "BUS037", "a queue that can't be named so",
            "The name of a queue is 1 to 128 bytes without control characters.",
            "For example `queue = \"emails\"`.";
        INTERNAL = "BUS099", "a defect of bus",
            "A macro of bus panicked.",
            "Please report it with the item it stood on.";
    }
}

/// The mistakes that the compiler and the linker see: their texts are attributes of traits in `bus`.
#[cfg(test)]
mod traits {
    use super::Code;

    codes! {
        NO_HANDLER = "BUS001", "a command without a handler",
            "No `#[handler]` in the command's crate takes it.",
            "Write `#[handler] async fn name(command: PlaceOrder) -> …`; if the handler lives in another crate, declare the command `#[command(remote, …)]`.";
        TWO_HANDLERS = "BUS002", "two handlers of one command",
            "The compiler reports conflicting implementations of `Handled` (E0119), with both `#[handler]` lines.",
            "Remove one of the two, or give it a command of its own.";
        NOT_A_COMMAND = "BUS003", "something that is not a command",
            "The type has no `#[command]`. A handler of such a type also gives \"cannot find macro\", since `#[command]` defines a hidden macro beside the type; a type alias of a command gives it too.",
            "Annotate the type with `#[command]`, and take it by its own name.";
        OTHER_OUTPUT = "BUS004", "a handler whose output is not the declared one",
            "`#[command(output = …)]` says what a dispatch answers (`()` when it is left out), and the handler returns something else.",
            "Change one of the two. A return type is taken as a `Result` if its name ends in `Result`.";
        OTHER_ERROR = "BUS005", "a handler whose error is not the declared one",
            "`#[command(error = …)]` says what a dispatch fails with, and the handler fails with something else.",
            "Change one of the two, or leave `error` out: the default takes any error.";
        NOT_INJECTABLE = "BUS006", "an argument that can't be injected",
            "The arguments after the command are taken from the context: `&T`, `State<T>`, `&Context`, `Principal<T>`, `Option` of these, or a type that implements `FromContext`.",
            "Take `&T` for state of the bus, or implement `FromContext` for the type.";
        NOT_LINKED = "BUS007", "a remote command whose handler is not linked",
            "No linked crate handles it; a crate that nobody names in code is not linked, even if it stands in Cargo.toml. The linker's message names the command: `bus_error__no_handler_is_linked_for_command__…`.",
            "Write `bus::wire!(app)` in the binary, with the crates that have the handlers.";
        LINKED_TWICE = "BUS008", "a remote command with two handlers",
            "Two linked crates handle it: a duplicate symbol `bus_error__no_handler_is_linked_for_command__…`. Where a linker takes the first one silently (mold), `bus::verify()` says so at start.",
            "Remove one of the handlers, or link one of the crates only.";
        NOT_CLONE = "BUS032", "`retries` on a command that is not `Clone`",
            "A command is given away to its handler; to try again a copy is needed.",
            "Derive `Clone`, or remove `retries`.";
        NOT_VALIDATED = "BUS036", "`validate` on a command without rules",
            "`#[command(validate)]` calls the type's own `Validate` implementation, and there is none.",
            "Implement `Validate`, put `#[validate(…)]` on fields, or remove the key.";
        NOT_A_JOB = "BUS038", "something that is not a job",
            "Only a type with `#[job]` can be stored: what is named by `on_failure`, a link of a chain, a member of a batch.",
            "Annotate the type with `#[job]`.";
    }
}

pub(crate) use own::*;

#[cfg(test)]
mod tests {
    use super::Code;
    use std::fmt::Write as _;

    fn all() -> Vec<&'static Code> {
        let mut all: Vec<&Code> = super::traits::ALL.iter().chain(super::own::ALL).collect();
        all.sort_by_key(|code| code.number);
        all
    }

    #[test]
    fn numbers_are_unique_and_well_formed() {
        let all = all();
        for pair in all.windows(2) {
            assert_ne!(pair[0].number, pair[1].number);
        }
        for code in all {
            let digits = code.number.strip_prefix("BUS").expect("starts with BUS");
            assert!(digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()));
            assert!(!code.cause.is_empty() && code.fix.ends_with(['.', '…']));
        }
    }

    /// `docs/errors.md` is this table; `UPDATE=1 cargo test -p bus-macros` writes it.
    #[test]
    fn the_page_of_errors_is_this_table() {
        let mut page = String::from(
            "# Errors by number\n\n\
             Every message of bus ends with a number. Most are build errors; the page is made\n\
             from the table in `bus-macros/src/codes.rs`.\n",
        );
        for code in all() {
            let Code {
                number,
                mistake,
                cause,
                fix,
            } = code;
            write!(
                page,
                "\n## {number}: {mistake}\n\n{cause}\n\n**Fix:** {fix}\n"
            )
            .expect("to a string");
        }
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().expect("has a folder"))
                .expect("docs/ can be made");
            std::fs::write(&path, &page).expect("docs/errors.md can be written");
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(stored, page, "run `UPDATE=1 cargo test -p bus-macros`");
    }
}
