//! The validation rules that a command broke, with the paths of their fields.
use super::descriptor::Descriptor;
use std::fmt;
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

/// The validation rules that a command broke, each with the path of its field.
pub struct Invalid(Box<(&'static Descriptor, ValidationErrors)>);

impl Invalid {
    /// Of `command`, what the validator found.
    pub fn new(command: &'static Descriptor, errors: ValidationErrors) -> Self {
        Self(Box::new((command, errors)))
    }

    /// The command.
    pub fn command(&self) -> &'static Descriptor {
        self.0.0
    }

    /// The errors in the validator's own form, by field.
    pub fn errors(&self) -> &ValidationErrors {
        &self.0.1
    }

    /// Every broken rule with the path of its field, such as `lines[2].quantity`, ordered by path.
    /// The path of a rule of the whole command is empty.
    ///
    /// ```
    /// use bus::prelude::*;
    ///
    /// #[command]
    /// struct Rename {
    ///     #[validate(length(min = 1, message = "a name, please"))]
    ///     name: String,
    /// }
    /// # #[handler] fn rename(_: Rename) {}
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// match bus::dispatch(Rename { name: String::new() }).await {
    ///     Err(bus::Error::Invalid(invalid)) => {
    ///         let (path, broken) = &invalid.fields()[0];
    ///         assert_eq!((path.as_str(), &*broken.code), ("name", "length"));
    ///         assert_eq!(broken.message.as_deref(), Some("a name, please"));
    ///     }
    ///     other => panic!("{other:?}"),
    /// }
    /// # }
    /// ```
    pub fn fields(&self) -> Vec<(String, &ValidationError)> {
        let mut fields = Vec::new();
        collect("", self.errors(), &mut fields);
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        fields
    }
}

fn collect<'e>(
    prefix: &str,
    errors: &'e ValidationErrors,
    into: &mut Vec<(String, &'e ValidationError)>,
) {
    for (field, kind) in errors.errors() {
        // The rules of the whole struct are filed under `__all__`: they belong to the struct's own path.
        let path = match (prefix.is_empty(), field.as_ref()) {
            (_, "__all__") => prefix.to_owned(),
            (true, field) => field.to_owned(),
            (false, field) => format!("{prefix}.{field}"),
        };
        match kind {
            ValidationErrorsKind::Field(errors) => {
                into.extend(errors.iter().map(|error| (path.clone(), error)));
            }
            ValidationErrorsKind::Struct(nested) => collect(&path, nested, into),
            ValidationErrorsKind::List(items) => {
                for (index, nested) in items {
                    collect(&format!("{path}[{index}]"), nested, into);
                }
            }
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "command `{}` is invalid", self.command().name)?;
        for (index, (path, error)) in self.fields().iter().enumerate() {
            let separator = if index == 0 { ": " } else { "; " };
            let path = if path.is_empty() { "the whole" } else { path };
            write!(f, "{separator}{path}: ")?;
            match &error.message {
                Some(message) => f.write_str(message)?,
                None => write_rule(f, error)?,
            }
        }
        Ok(())
    }
}

/// `range (max 100, min 1)`: the rule and its parameters, without the offending value,
/// which may be a secret.
fn write_rule(f: &mut fmt::Formatter<'_>, error: &ValidationError) -> fmt::Result {
    f.write_str(&error.code)?;
    let mut params: Vec<_> = error
        .params
        .iter()
        .filter(|(name, _)| *name != "value")
        .collect();
    params.sort_by(|a, b| a.0.cmp(b.0));
    for (index, (name, value)) in params.iter().enumerate() {
        write!(f, "{}{name} {value}", if index == 0 { " (" } else { ", " })?;
    }
    if params.is_empty() {
        Ok(())
    } else {
        f.write_str(")")
    }
}

impl fmt::Debug for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invalid")
            .field("command", &self.command().name)
            .field("errors", self.errors())
            .finish()
    }
}
