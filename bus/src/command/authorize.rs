//! What an `authorize = path` policy function may answer, and the refusal.
use super::descriptor::Descriptor;
use crate::error::BoxError;
use std::error::Error as StdError;
use std::fmt;

/// A refusal: the command may not be run by who asks.
#[derive(Debug, Default)]
pub struct Denied(Option<Box<Inner>>);

#[derive(Debug)]
struct Inner {
    command: Option<&'static Descriptor>,
    reason: BoxError,
}

impl Denied {
    /// With a reason: a text or an error, shown to whoever asked.
    ///
    /// ```
    /// use bus::prelude::*;
    ///
    /// struct User { admin: bool }
    ///
    /// #[command(authorize = only_admins)]
    /// struct Purge;
    ///
    /// fn only_admins(_: &Purge, cx: &Context) -> Result<(), Denied> {
    ///     match cx.principal::<User>() {
    ///         Some(user) if user.admin => Ok(()),
    ///         _ => Err(Denied::because("only admins may purge")),
    ///     }
    /// }
    ///
    /// #[handler]
    /// fn purge(_: Purge) {}
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let refused = bus::dispatch(Purge).await.unwrap_err();
    /// assert!(refused.to_string().ends_with("only admins may purge"));
    /// # }
    /// ```
    pub fn because(reason: impl Into<BoxError>) -> Self {
        Self(Some(Box::new(Inner {
            command: None,
            reason: reason.into(),
        })))
    }

    /// Names the command that was refused.
    #[must_use]
    pub(crate) fn of(self, command: &'static Descriptor) -> Self {
        let reason = match self.0 {
            Some(inner) => inner.reason,
            None => BoxError::new("its policy function refused"),
        };
        Self(Some(Box::new(Inner {
            command: Some(command),
            reason,
        })))
    }

    /// The refused command, once the refusal left the dispatch.
    pub fn command(&self) -> Option<&'static Descriptor> {
        self.0.as_ref()?.command
    }

    pub(crate) fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.as_ref()?.reason.source()
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(inner) => match inner.command {
                Some(command) => {
                    write!(f, "command `{}` is denied: {}", command.name, inner.reason)
                }
                None => write!(f, "denied: {}", inner.reason),
            },
            None => f.write_str("denied"),
        }
    }
}

/// What a policy function may return: `bool`, or `Result<(), Denied>`.
#[diagnostic::on_unimplemented(
    message = "the function of `authorize` returns `{Self}`, which is no decision [BUS037]",
    label = "not a decision",
    note = "write `fn(&Command, &Context) -> bool`, or `-> Result<(), Denied>` to say why not"
)]
pub trait IntoDecision {
    /// Allowed, or refused with a reason.
    fn into_decision(self) -> Result<(), Denied>;
}

#[diagnostic::do_not_recommend]
impl IntoDecision for bool {
    fn into_decision(self) -> Result<(), Denied> {
        if self { Ok(()) } else { Err(Denied::default()) }
    }
}

#[diagnostic::do_not_recommend]
impl IntoDecision for Result<(), Denied> {
    fn into_decision(self) -> Result<(), Denied> {
        self
    }
}
