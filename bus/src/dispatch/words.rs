//! An error in words, for logs, though nobody knows whether its type can be shown.
use crate::command::{Cause, Error};
use crate::error::BoxError;
use std::any::{Any, type_name};
use std::error::Error as StdError;
use std::fmt;

/// The error with its causes on one line. One of the handler's own type is shown where that
/// is the default one, else named by its type: the type need not be printable, and what it
/// would print may be meant for the caller alone.
pub(super) fn in_words<E: 'static>(error: &Error<E>) -> String {
    let mut words = Words(error).to_string();
    let cause = match error {
        Error::Rejected { reason, .. } => Some(reason.cause()),
        Error::Handler(error) => boxed(error).and_then(|error| error.cause().source()),
        _ => None,
    };
    for cause in std::iter::successors(cause, |&cause| StdError::source(cause)) {
        words.push_str(": ");
        words.push_str(&cause.to_string());
    }
    words
}

struct Words<'e, E>(&'e Error<E>);

impl<E: 'static> fmt::Display for Words<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, |error, f| match boxed(error) {
            Some(error) => fmt::Display::fmt(error, f),
            None => write!(f, "the handler failed with `{}`", type_name::<E>()),
        })
    }
}

fn boxed<E: 'static>(error: &E) -> Option<&BoxError> {
    (error as &dyn Any).downcast_ref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Descriptor;

    #[test]
    fn what_can_be_shown_is_shown_with_its_causes() {
        let parse = || "ten".parse::<u32>().unwrap_err();
        let handler: Error = Error::Handler(parse().into());
        assert_eq!(in_words(&handler), "invalid digit found in string");
        let hidden = Error::Handler(parse());
        let words = in_words(&hidden);
        assert!(words.ends_with("ParseIntError`"), "{words}");
        static COMMAND: Descriptor = Descriptor::new("app::Ask", 1, "app.rs", 1);
        let rejected: Error<()> = Error::Rejected {
            command: &COMMAND,
            reason: parse().into(),
        };
        assert_eq!(
            in_words(&rejected),
            "command `app::Ask` was rejected: invalid digit found in string"
        );
    }
}
