//! The rules of a command across its keys and fields.
use crate::codes;
use crate::errors::Errors;
use crate::model::{Command, Options};
use quote::ToTokens;
use syn::GenericParam;

/// Tells every contradiction of a command.
pub(crate) fn command(command: &Command, errors: &mut Errors) {
    generics(command, errors);
    key_fields(command, errors);
    retries(&command.options, errors);
    counted_errors(&command.options, errors);
    rules(command, errors);
}

fn generics(command: &Command, errors: &mut Errors) {
    let params = &command.generics.params;
    let Some(first) = params.first() else { return };
    let name = &command.ident;
    let message = match first {
        GenericParam::Lifetime(_) => format!(
            "command `{name}` can't borrow: it may outlive the caller; own its fields, as `String` for `&str`"
        ),
        _ => format!(
            "command `{name}` can't be generic: its handler is found by its type alone; write one command for each type"
        ),
    };
    errors.at(&codes::GENERIC_COMMAND, params, message);
}

/// `per` names fields of the struct.
fn key_fields(command: &Command, errors: &mut Errors) {
    let Some(rate) = &command.options.rate else {
        return;
    };
    let known: Vec<String> = command
        .shape
        .fields()
        .map(|field| format!("`{}`", field.member.text()))
        .collect();
    for name in &rate.value.per {
        if command.shape.field(name).is_some() {
            continue;
        }
        let message = if command.shape.is_enum {
            format!(
                "`per {name}`: an enum has no field that all its variants share; limit a struct"
            )
        } else if known.is_empty() {
            format!("`per {name}`: `{}` has no fields", command.ident)
        } else {
            format!(
                "`per {name}`: `{}` has no field `{name}`; it has {}",
                command.ident,
                known.join(", ")
            )
        };
        errors.at(&codes::NO_SUCH_FIELD, &rate.at, message);
    }
}

fn retries(options: &Options, errors: &mut Errors) {
    let Some(backoff) = &options.backoff else {
        return;
    };
    let message = match &options.retries {
        None => {
            "`backoff` says how long to wait before a retry, and there is none: add `retries = 3`"
        }
        Some(retries) if retries.value == 0 => {
            "`backoff` contradicts `retries = 0`: remove one of them"
        }
        Some(_) => return,
    };
    errors.at(&codes::CONTRADICTION, &backoff.key, message);
}

/// `only(…)` names variants of the declared error.
fn counted_errors(options: &Options, errors: &mut Errors) {
    let Some(throttle) = &options.throttle else {
        return;
    };
    let Some(first) = throttle.value.only.first() else {
        return;
    };
    if options.error.is_none() {
        let message = "`only(…)` picks among the errors that the command declares, and it declares none: \
             add `error = …`";
        errors.at(&codes::CONTRADICTION, first, message);
    }
}

/// `#[validate(…)]` is for structs with named fields, the key for hand-written rules.
fn rules(command: &Command, errors: &mut Errors) {
    let Some(first) = command.rules.first else {
        return;
    };
    if command.rules.derived {
        return;
    }
    if let Some(validate) = &command.options.validate {
        let message = "`validate` calls rules written by hand, but there are `#[validate(…)]` attributes, \
             whose rules are derived: remove one of the two";
        errors.at(
            &codes::CONTRADICTION,
            validate.key.to_token_stream(),
            message,
        );
    }
    if !command.has_named_fields() {
        let what = match command.shape.is_enum {
            true => "an enum",
            false => "a struct without field names",
        };
        let message = format!(
            "`#[validate(…)]` can't be derived for {what}: name the fields of a struct, \
             or implement `Validate` by hand and write `#[command(validate)]`"
        );
        errors.on(&codes::VALIDATE_SHAPE, first, message);
    }
}
