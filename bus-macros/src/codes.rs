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
    /// The example: `ui-tests/fail/<case>.rs`, and put right, a file of the same name in
    /// `ui-tests/fixed/`. Empty where no compiler tells the mistake of one file.
    pub(crate) case: &'static str,
}

/// Declares the constants and the table of all of them from one list.
macro_rules! codes {
    ($($name:ident = $number:literal, $mistake:literal, $cause:literal, $fix:literal, $case:literal;)*) => {
        $(
            #[doc = $mistake]
            pub(crate) const $name: Code = Code {
                number: $number,
                mistake: $mistake,
                cause: $cause,
                fix: $fix,
                case: $case,
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
            "Write the key that the message suggests, or one of those it lists.",
            "command/unknown_key";
        KEY_TWICE = "BUS011", "a key given twice",
            "One attribute states the same key twice; which of the two counts would be a guess.",
            "Keep one of them.",
            "command/key_twice";
        BAD_VALUE = "BUS012", "a value of the wrong form",
            "A key has no value, a value of another kind (a number where a text is due), or a comma is missing.",
            "Write the value as in the example of the message.",
            "command/value_of_another_kind";
        BAD_DURATION = "BUS013", "a duration that can't be read",
            "A duration is one or more of number and unit: `ms`, `s`, `m`, `h`, `d`, `w`. It is neither zero nor longer than 500 years.",
            "For example `timeout = \"5s\"`, `\"250ms\"` or `\"1h 30m\"`.",
            "command/bad_timeout";
        BAD_RATE = "BUS014", "a rate that can't be read",
            "A rate is a count and a period, then optionally a burst and the fields that each have a limit of their own.",
            "For example `rate = \"10/s\"`, `\"100/5m\"`, `\"100/s burst 20\"` or `\"10/s per account, kind\"`.",
            "command/bad_rate";
        BAD_BACKOFF = "BUS015", "a backoff that can't be read",
            "A backoff is `fixed(…)`, `list(…)`, `exponential(…)`, or the path of a function from the number of the failed attempt to a `Duration`.",
            "For example `backoff = \"exponential(1s, max = 1h, jitter)\"`, `\"fixed(30s)\"`, `\"list(1s, 10s, 1m)\"` or `backoff = my_backoff`.",
            "command/bad_backoff";
        BAD_THROTTLE = "BUS016", "a throttle that can't be read",
            "A throttle opens the circuit after a number of failures within a time.",
            "For example `throttle = \"5 failures/10m\"`, or `throttle(\"5 failures/10m\", only(PayError::Unreachable))`.",
            "command/bad_throttle";
        BAD_NUMBER = "BUS017", "a number out of range",
            "`retries` is a whole number from 0 to 1000, `version` one from 1 to 65535, `priority` one from -100 to 100.",
            "Write a number within the range.",
            "command/too_many_retries";
        NO_SUCH_FIELD = "BUS018", "a key field that does not exist",
            "`per …` names a field that the command does not have.",
            "Name one of the fields that the message lists; the fields of a tuple struct are `0`, `1`, …",
            "command/rate_per_unknown_field";
        CONTRADICTION = "BUS019", "keys that exclude or need each other",
            "Two keys of one attribute contradict each other, or one has no meaning without another, as `backoff` without `retries`.",
            "Remove one of the two, or add the missing one.",
            "command/backoff_without_retries";
        GENERIC_COMMAND = "BUS020", "a generic command",
            "A handler is found by the type of its command alone, and a stored command by its name; a generic type is many types.",
            "Write one command for each type that is really used, or put an enum in the field.",
            "command/generic";
        WRONG_ITEM = "BUS021", "an attribute on the wrong kind of item",
            "`#[command]` goes on a struct or an enum, `#[handler]` on a function, `#[handlers]` on an `impl` block of a type.",
            "Move the attribute to such an item.",
            "handler/on_an_impl_block";
        SELF_OUTSIDE = "BUS022", "a method as a handler outside `#[handlers]`",
            "An attribute on a method does not see the type that the method belongs to.",
            "Put `#[handlers]` on the `impl` block and keep `#[handler]` on the method; or take what you need as `&T`, the state of the bus.",
            "handler/method";
        GENERIC_HANDLER = "BUS023", "a generic handler",
            "A handler is called by the bus, which would have to guess its type parameters (`impl Trait` in an argument is one, too).",
            "Write the types; for state behind a trait inject `&Arc<dyn Trait>`.",
            "handler/generic";
        NO_COMMAND = "BUS024", "a handler without a command",
            "A handler takes its command as the first argument.",
            "Write `async fn name(command: PlaceOrder, …)`.",
            "handler/no_argument";
        COMMAND_FIRST = "BUS025", "a first argument that is not the command by value",
            "The first argument of a handler is its command: a plain type path, owned. References after it are injected state.",
            "Write `command: PlaceOrder` first, without `&`.",
            "handler/state_first";
        BAD_SIGNATURE = "BUS026", "a signature that the bus can't call",
            "A handler is neither `unsafe` nor variadic, and its return type is written out (the declaration is compared with it).",
            "Remove the qualifier; write `-> Result<Output, Error>` instead of `impl Trait`.",
            "handler/returns_impl_trait";
        FOREIGN_HANDLER = "BUS027", "a handler of another crate's local command",
            "The handler of a command is looked for in the command's own crate, unless the command is declared `remote`.",
            "Move the handler to that crate, or declare the command `#[command(remote, …)]`.",
            "";
        NO_HANDLERS = "BUS028", "a `#[handlers]` block that handles nothing",
            "No method of the block has `#[handler]`.",
            "Put `#[handler]` on the methods that are handlers, or remove `#[handlers]`.",
            "handlers/nothing";
        BAD_RECEIVER = "BUS029", "a method that does not take `&self`",
            "The service of a method handler is shared state of the bus; it can be neither moved nor changed by one call.",
            "Take `&self`; keep what changes in a mutex, an atomic or a store.",
            "handlers/mutable_service";
        VALIDATE_SHAPE = "BUS030", "rules on an item that can't have them",
            "The `validator` crate derives its rules for structs with named fields only.",
            "Name the fields, or implement `Validate` by hand and write `#[command(validate)]`.",
            "command/rules_on_an_enum";
        BAD_SANITIZE = "BUS031", "a sanitizer that does not exist",
            "`#[sanitize(…)]` takes `trim`, `lowercase`, `uppercase`, `collapse_whitespace`, `with = path` and `nested`.",
            "Write one of these; `with = path` calls any `fn(&mut T)`.",
            "command/unknown_sanitizer";
        BREAKS_RULE = "BUS033", "a literal that breaks its own rule",
            "The literal in `checked!(…)` is refused by the `range` or `length` rule of its field.",
            "Write a value that the rule admits.",
            "checked/below_the_range";
        BAD_CALL = "BUS034", "a macro call that can't be read",
            "`checked!` takes one value of a command, `wire!` crates, `contract!` commands.",
            "Write it as in the example of the message.",
            "checked/no_value";
        BAD_NAME = "BUS035", "a stored name that can't be used",
            "A stored name is 1 to 200 characters without white space or control characters.",
            "For example `name = \"orders.place\"`.",
            "command/bad_name";
        BAD_QUEUE = "BUS050", "a queue that can't be named so",
            "The name of a queue is 1 to 128 bytes without control characters.",
            "For example `queue = \"emails\"`.",
            "job/empty_queue";
        BORROWED_FIELD = "BUS052", "a field of a job that borrows",
            "A job is stored, and read back by another program: a `&'static str` can't come out of a store.",
            "Own the data: `String` for a `&'static str`, `Vec<T>` for a `&'static [T]`.",
            "job/field_borrowed";
        NO_SECOND_RUN = "BUS054", "retries of a job that must not run twice",
            "`at_most_once` says that a job whose worker was lost is dead rather than run again; `retries` says that it is run again when it failed.",
            "Keep `at_most_once` for what must rather not happen than happen twice; keep `retries` for what may be repeated.",
            "job/at_most_once_with_retries";
        INTERNAL = "BUS099", "a defect of bus",
            "A macro of bus panicked.",
            "Please report it with the item it stood on.",
            "";
    }
}

/// The mistakes that the compiler and the linker see: their texts are attributes of traits in `bus`.
#[cfg(test)]
mod traits {
    use super::Code;

    codes! {
        NO_HANDLER = "BUS001", "a command without a handler",
            "No `#[handler]` in the command's crate takes it.",
            "Write `#[handler] async fn name(command: PlaceOrder) -> …`; if the handler lives in another crate, declare the command `#[command(remote, …)]`.",
            "command/no_handler";
        TWO_HANDLERS = "BUS002", "two handlers of one command",
            "The compiler reports conflicting implementations of `Handled` (E0119), with both `#[handler]` lines.",
            "Remove one of the two, or give it a command of its own.",
            "handler/two_handlers";
        NOT_A_COMMAND = "BUS003", "something that is not a command",
            "The type has no `#[command]`. A handler of such a type also gives \"cannot find macro\", since `#[command]` defines a hidden macro beside the type; a type alias of a command gives it too.",
            "Annotate the type with `#[command]`, and take it by its own name.",
            "handler/not_a_command";
        OTHER_OUTPUT = "BUS004", "a handler whose output is not the declared one",
            "`#[command(output = …)]` says what a dispatch answers (`()` when it is left out), and the handler returns something else.",
            "Change one of the two. A return type is taken as a `Result` if its name ends in `Result`.",
            "handler/other_output";
        OTHER_ERROR = "BUS005", "a handler whose error is not the declared one",
            "`#[command(error = …)]` says what a dispatch fails with, and the handler fails with something else.",
            "Change one of the two, or leave `error` out: the default takes any error.",
            "handler/other_error";
        NOT_INJECTABLE = "BUS006", "an argument that can't be injected",
            "The arguments after the command are taken from the context: `&T`, `State<T>`, `&Context`, `Principal<T>`, `Option` of these, or a type that implements `FromContext`.",
            "Take `&T` for state of the bus, or implement `FromContext` for the type.",
            "handler/not_injectable";
        NOT_LINKED = "BUS007", "a remote command whose handler is not linked",
            "No linked crate handles it; a crate that nobody names in code is not linked, even if it stands in Cargo.toml. The linker's message names the command: `bus_error__no_handler_is_linked_for_command__…`.",
            "Write `bus::wire!(app)` in the binary, with the crates that have the handlers.",
            "";
        LINKED_TWICE = "BUS008", "a remote command with two handlers",
            "Two linked crates handle it: a duplicate symbol `bus_error__no_handler_is_linked_for_command__…`. Where a linker takes the first one silently (mold), `bus::verify()` says so at start.",
            "Remove one of the handlers, or link one of the crates only.",
            "";
        NOT_CLONE = "BUS032", "`retries` on a command that is not `Clone`",
            "A command is given away to its handler; to try again a copy is needed.",
            "Derive `Clone`, or remove `retries`.",
            "command/retries_without_clone";
        NOT_VALIDATED = "BUS036", "`validate` on a command without rules",
            "`#[command(validate)]` calls the type's own `Validate` implementation, and there is none.",
            "Implement `Validate`, put `#[validate(…)]` on fields, or remove the key.",
            "command/validate_without_rules";
        NO_DECISION = "BUS037", "a policy function that does not decide",
            "`authorize = …` calls a function of the command and the context, which says whether the command may run.",
            "Return `bool`, or `Result<(), Denied>` to say why not.",
            "command/authorize_answers_otherwise";
        NO_TEXT = "BUS038", "a text sanitizer on a field that is no text",
            "`trim`, `lowercase`, `uppercase` and `collapse_whitespace` clean `String`, `Cow<str>`, `Box<str>`, and `Option` or `Vec` of these.",
            "Remove the sanitizer, or write `#[sanitize(with = path)]` with a function of your own for the type.",
            "command/sanitizer_on_a_number";
        NOT_SANITIZED = "BUS039", "a nested value that can't be sanitized",
            "`#[sanitize(nested)]` cleans a value by its own `Sanitize` implementation, and there is none.",
            "Put `#[bus::sanitized]` on the nested type, or implement `Sanitize` by hand.",
            "command/nested_not_sanitized";
        NO_MIDDLEWARE = "BUS040", "a middleware that is none",
            "What `middleware = […]` lists implements `Middleware`, or is a function that takes a `Call` and a `Next`.",
            "Implement `bus::Middleware` for the type.",
            "command/middleware_is_none";
        RULES_TWICE = "BUS041", "rules that are derived twice",
            "`#[command]` derives the rules of `#[validate(…)]` itself. It sees a `#[derive(Validate)]` below it and leaves the rules to that, but none above: the compiler reports conflicting implementations (E0119).",
            "Remove the derive, or put it below `#[command]`.",
            "command/derive_above";
        NO_KEY = "BUS042", "a limit kept by a field that can't be a key",
            "`per …` hashes the value of the field; a float or a type without `Hash` has none.",
            "Name another field, or derive `Hash` for the field's type.",
            "command/rate_per_unhashable_field";
        NOT_A_JOB = "BUS051", "something that is not a job",
            "Only a type with `#[job]` can be stored: what is named by `on_failure`, a link of a chain, a member of a batch.",
            "Annotate the type with `#[job]`.",
            "job/on_failure_is_no_job";
        NO_COMMIT = "BUS053", "a transaction whose commit nobody sees",
            "`dispatch_after_commit` stores a job when a transaction is committed; the bus sees the commit of the transactions that it wraps, and of the `Tx` of a handler.",
            "Begin it with `let tx = bus.after_commit(transaction)`, and commit that.",
            "job/commit_not_seen";
    }
}

pub(crate) use own::*;

#[cfg(test)]
mod page;

#[cfg(test)]
mod tests {
    use super::Code;

    pub(super) fn all() -> Vec<&'static Code> {
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
}
