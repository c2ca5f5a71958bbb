//! The rules of `#[validate(…)]`: an invalid command never reaches its handler.
use crate::command::{Command, Error, Invalid};
use validator::Validate;

/// Checks all rules of `command`.
///
/// # Errors
/// `Error::Invalid` with every broken rule.
#[inline]
pub fn validate<C: Command + Validate>(command: &C) -> Result<(), Error<C::Error>> {
    Validate::validate(command)
        .map_err(|errors| Error::Invalid(Invalid::new(C::DESCRIPTOR, errors)))
}
