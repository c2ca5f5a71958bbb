//! `authorize = path`: asks the policy function.
use crate::command::{Command, Error, IntoDecision};

/// What the policy function of `C` decided, as the answer to a refused dispatch.
///
/// # Errors
/// `Error::Denied`, if it refused.
#[inline]
pub fn authorize<C: Command>(decision: impl IntoDecision) -> Result<(), Error<C::Error>> {
    decision
        .into_decision()
        .map_err(|denied| Error::Denied(denied.of(C::DESCRIPTOR)))
}
