//! The reasons of an error without their details.
use std::fmt;

/// The reasons of [`Error`](crate::Error) without their details: for metrics and for
/// middleware.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the variant of `Error` with its name")]
pub enum ErrorKind {
    Invalid,
    Denied,
    RateLimited,
    TimedOut,
    CircuitOpen,
    Overlapped,
    Panicked,
    Missing,
    Rejected,
    Store,
    Handler,
}

impl ErrorKind {
    /// The name for logs and metrics: `rate_limited`. It does not change.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Denied => "denied",
            Self::RateLimited => "rate_limited",
            Self::TimedOut => "timed_out",
            Self::CircuitOpen => "circuit_open",
            Self::Overlapped => "overlapped",
            Self::Panicked => "panicked",
            Self::Missing => "missing",
            Self::Rejected => "rejected",
            Self::Store => "store",
            Self::Handler => "handler",
        }
    }
}

/// As [`as_str`](ErrorKind::as_str).
impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
