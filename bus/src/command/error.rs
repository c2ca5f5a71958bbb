//! Why a command was not answered.
use super::authorize::Denied;
use super::descriptor::Descriptor;
use super::error_kind::ErrorKind;
use super::invalid::Invalid;
use crate::error::BoxError;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// Why a dispatch gave no output; `E` is the error that the command declares.
///
/// Every reason can be matched. `Display` says of which command and why not,
/// [`source`](StdError::source) leads to the cause.
///
/// ```
/// use bus::prelude::*;
///
/// #[command(rate = "1/h")]
/// struct Report;
///
/// #[handler]
/// fn report(_: Report) {}
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert!(bus::dispatch(Report).await.is_ok());
/// match bus::dispatch(Report).await {
///     Err(bus::Error::RateLimited { retry_after, .. }) => assert!(retry_after.as_secs() > 3000),
///     other => panic!("{other:?}"),
/// }
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error<E = BoxError> {
    /// The command broke its validation rules; the handler was not called.
    Invalid(Invalid),
    /// The policy function refused, or the principal that it needs is absent.
    Denied(Denied),
    /// Over the declared rate; asking again after `retry_after` succeeds if nobody else asks.
    #[non_exhaustive]
    RateLimited {
        /// The command.
        command: &'static Descriptor,
        /// How long until the next one fits.
        retry_after: Duration,
    },
    /// No answer within the declared time, or before the deadline of the context.
    #[non_exhaustive]
    TimedOut {
        /// The command.
        command: &'static Descriptor,
        /// How long it was waited for.
        after: Duration,
    },
    /// Too many failures lately: the circuit breaker is open.
    #[non_exhaustive]
    CircuitOpen {
        /// The command.
        command: &'static Descriptor,
        /// How long until one dispatch may try again.
        retry_after: Duration,
    },
    /// The same is running already: an overlap guard refused.
    #[non_exhaustive]
    Overlapped {
        /// The command.
        command: &'static Descriptor,
    },
    /// The handler panicked and a `Catch` middleware turned that into an error.
    Panicked(Panicked),
    /// An injected argument is absent: the state was not provided to the bus.
    #[non_exhaustive]
    Missing {
        /// The command.
        command: &'static Descriptor,
        /// The type that is absent.
        needs: &'static str,
    },
    /// A middleware or an extractor refused for a reason of its own.
    #[non_exhaustive]
    Rejected {
        /// The command.
        command: &'static Descriptor,
        /// The reason.
        reason: BoxError,
    },
    /// The job could not be stored: there is no store, it did not answer, or the payload cannot be
    /// encoded.
    #[non_exhaustive]
    Store {
        /// The job.
        command: &'static Descriptor,
        /// The reason.
        reason: BoxError,
    },
    /// The handler failed with the error that the command declares.
    Handler(E),
}

impl<E> Error<E> {
    /// The reason without its details.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Denied(_) => ErrorKind::Denied,
            Self::RateLimited { .. } => ErrorKind::RateLimited,
            Self::TimedOut { .. } => ErrorKind::TimedOut,
            Self::CircuitOpen { .. } => ErrorKind::CircuitOpen,
            Self::Overlapped { .. } => ErrorKind::Overlapped,
            Self::Panicked(_) => ErrorKind::Panicked,
            Self::Missing { .. } => ErrorKind::Missing,
            Self::Rejected { .. } => ErrorKind::Rejected,
            Self::Store { .. } => ErrorKind::Store,
            Self::Handler(_) => ErrorKind::Handler,
        }
    }

    /// The command that was not answered; not known of the handler's own error, which says what
    /// it likes.
    pub fn command(&self) -> Option<&'static Descriptor> {
        match self {
            Self::Invalid(invalid) => Some(invalid.command()),
            Self::Denied(denied) => denied.command(),
            Self::RateLimited { command, .. }
            | Self::TimedOut { command, .. }
            | Self::CircuitOpen { command, .. }
            | Self::Overlapped { command }
            | Self::Missing { command, .. }
            | Self::Rejected { command, .. }
            | Self::Store { command, .. } => Some(command),
            Self::Panicked(panicked) => Some(panicked.command()),
            Self::Handler(_) => None,
        }
    }

    /// How long to wait before asking again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::CircuitOpen { retry_after, .. } => {
                Some(*retry_after)
            }
            _ => None,
        }
    }

    /// The handler's own error, if it was that, by reference.
    pub fn handler(&self) -> Option<&E> {
        match self {
            Self::Handler(error) => Some(error),
            _ => None,
        }
    }

    /// The handler's own error, if it was that.
    ///
    /// ```
    /// use bus::prelude::*;
    ///
    /// #[command(error = u8)]
    /// struct Fail;
    ///
    /// #[handler]
    /// fn fail(_: Fail) -> Result<(), u8> {
    ///     Err(7)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let error = bus::dispatch(Fail).await.unwrap_err();
    /// assert_eq!(error.handler(), Some(&7));
    /// assert_eq!(error.kind().to_string(), "handler");
    /// assert_eq!(error.into_handler(), Some(7));
    /// # }
    /// ```
    pub fn into_handler(self) -> Option<E> {
        match self {
            Self::Handler(error) => Some(error),
            _ => None,
        }
    }

    /// The same reason with the handler's error translated: to pass it on as that of another
    /// command.
    pub fn map_handler<F>(self, translate: impl FnOnce(E) -> F) -> Error<F> {
        match self {
            Self::Invalid(invalid) => Error::Invalid(invalid),
            Self::Denied(denied) => Error::Denied(denied),
            Self::RateLimited {
                command,
                retry_after,
            } => Error::RateLimited {
                command,
                retry_after,
            },
            Self::TimedOut { command, after } => Error::TimedOut { command, after },
            Self::CircuitOpen {
                command,
                retry_after,
            } => Error::CircuitOpen {
                command,
                retry_after,
            },
            Self::Overlapped { command } => Error::Overlapped { command },
            Self::Panicked(panicked) => Error::Panicked(panicked),
            Self::Missing { command, needs } => Error::Missing { command, needs },
            Self::Rejected { command, reason } => Error::Rejected { command, reason },
            Self::Store { command, reason } => Error::Store { command, reason },
            Self::Handler(error) => Error::Handler(translate(error)),
        }
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, |error, f| fmt::Display::fmt(error, f))
    }
}

impl<E> Error<E> {
    /// The reason in words, the handler's error by `handler`.
    pub(crate) fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        handler: impl FnOnce(&E, &mut fmt::Formatter<'_>) -> fmt::Result,
    ) -> fmt::Result {
        match self {
            Self::Invalid(invalid) => fmt::Display::fmt(invalid, f),
            Self::Denied(denied) => fmt::Display::fmt(denied, f),
            Self::RateLimited {
                command,
                retry_after,
            } => write!(
                f,
                "command `{}` is over its rate, retry after {retry_after:?}",
                command.name
            ),
            Self::TimedOut { command, after } => {
                write!(
                    f,
                    "command `{}` gave no answer within {after:?}",
                    command.name
                )
            }
            Self::CircuitOpen {
                command,
                retry_after,
            } => write!(
                f,
                "command `{}` failed too often lately, retry after {retry_after:?}",
                command.name
            ),
            Self::Overlapped { command } => {
                write!(f, "command `{}` is running already", command.name)
            }
            Self::Panicked(panicked) => fmt::Display::fmt(panicked, f),
            Self::Missing { command, needs } => write!(
                f,
                "the handler of command `{}` needs `{needs}`, which was not given to the bus: \
                 add it with `Bus::builder().state(…)`",
                command.name
            ),
            Self::Rejected { command, .. } => write!(f, "command `{}` was rejected", command.name),
            Self::Store { command, .. } => write!(f, "job `{}` could not be stored", command.name),
            Self::Handler(error) => handler(error, f),
        }
    }
}

impl<E: Cause> StdError for Error<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Invalid(invalid) => Some(invalid.errors()),
            Self::Denied(denied) => denied.source(),
            Self::Rejected { reason, .. } | Self::Store { reason, .. } => Some(&**reason),
            Self::Handler(error) => error.cause().source(),
            _ => None,
        }
    }
}

/// An error that a command may declare and that can be shown as a [`std::error::Error`]:
/// every such error, and [`BoxError`].
pub trait Cause: fmt::Debug + fmt::Display {
    /// The error itself.
    fn cause(&self) -> &(dyn StdError + 'static);
}

impl<E: StdError + 'static> Cause for E {
    fn cause(&self) -> &(dyn StdError + 'static) {
        self
    }
}

impl Cause for BoxError {
    fn cause(&self) -> &(dyn StdError + 'static) {
        &**self
    }
}

/// The panic of a handler, as an error.
#[derive(Debug)]
pub struct Panicked(Box<(&'static Descriptor, String)>);

impl Panicked {
    /// Of `command`, with what the panic carried.
    pub fn new(command: &'static Descriptor, payload: &(dyn std::any::Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a text".to_owned());
        Self(Box::new((command, message)))
    }

    /// The command.
    pub fn command(&self) -> &'static Descriptor {
        self.0.0
    }

    /// What the panic said.
    pub fn message(&self) -> &str {
        &self.0.1
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the handler of command `{}` panicked: {}",
            self.command().name,
            self.message()
        )
    }
}
