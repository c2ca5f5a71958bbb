//! The rules of `#[validate(…)]`: an invalid command never reaches its handler.
use crate::command::{Command, Error, Invalid};
use std::marker::PhantomData;
use validator::{Validate, ValidationErrors};

/// A command with rules: what `validate` asks for, in our words instead of the validator's.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is declared with `validate`, but does not implement `Validate` [BUS036]",
    label = "`{Self}` has no rules",
    note = "implement `validator::Validate` for `{Self}`, or put `#[validate(…)]` on its fields and drop the key"
)]
pub trait Validated: Command {
    fn rules(&self) -> Result<(), ValidationErrors>;
}

#[diagnostic::do_not_recommend]
impl<C: Command + Validate> Validated for C {
    #[inline]
    fn rules(&self) -> Result<(), ValidationErrors> {
        Validate::validate(self)
    }
}

/// Finds the rules that stand on the fields: `RulesProbe::<C>::check` is the inherent function
/// where they were derived, else that of [`NotDerived`], as the derive has told its mistake.
#[doc(hidden)]
#[derive(Debug)]
pub struct RulesProbe<C>(PhantomData<C>);

impl<C: Command + Validate> RulesProbe<C> {
    #[inline]
    pub fn check(command: &C) -> Result<(), Error<C::Error>> {
        validate(command)
    }
}

/// See [`RulesProbe`].
#[doc(hidden)]
pub trait NotDerived<C: Command> {
    fn check(_: &C) -> Result<(), Error<C::Error>> {
        unreachable!("it does not build")
    }
}

impl<C: Command> NotDerived<C> for RulesProbe<C> {}

/// Checks all rules of `command`.
///
/// # Errors
/// `Error::Invalid` with every broken rule.
#[inline]
pub fn validate<C: Validated>(command: &C) -> Result<(), Error<C::Error>> {
    command
        .rules()
        .map_err(|errors| Error::Invalid(Invalid::new(C::DESCRIPTOR, errors)))
}
