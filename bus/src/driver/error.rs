//! What can go wrong in a store, and whether trying again may help.

use std::error::Error;
use std::fmt;

/// Whether trying again may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Trying again may help: no connection, a deadline passed, a deadlock, a full disk. Whether
    /// the call took effect is unknown; each method says why repeating it is safe.
    Transient,
    /// Trying the same again will not help: bad URL or password, missing schema, broken query.
    Permanent,
    /// This store cannot do it; see [`Capabilities`](super::Capabilities).
    Unsupported,
}

/// A store that did not do what it was asked.
///
/// The message names the store, the operation and whether to try again; the cause is the
/// [`source`](Error::source).
#[derive(Debug)]
pub struct DriverError {
    kind: ErrorKind,
    store: &'static str,
    operation: &'static str,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl DriverError {
    /// An error that may pass.
    pub fn transient(
        store: &'static str,
        operation: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            kind: ErrorKind::Transient,
            store,
            operation,
            source: Some(source.into()),
        }
    }

    /// An error that stays.
    pub fn permanent(
        store: &'static str,
        operation: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            kind: ErrorKind::Permanent,
            store,
            operation,
            source: Some(source.into()),
        }
    }

    /// A feature the store does not have.
    #[must_use]
    pub const fn unsupported(store: &'static str, operation: &'static str) -> Self {
        Self {
            kind: ErrorKind::Unsupported,
            store,
            operation,
            source: None,
        }
    }

    /// Whether trying again may help.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Trying again may help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self.kind, ErrorKind::Transient)
    }

    /// The store: `memory`, `sqlite`, `postgres`, `redis`.
    #[must_use]
    pub const fn store(&self) -> &'static str {
        self.store
    }

    /// The operation: the name of the driver's method.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        self.operation
    }
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (store, operation) = (self.store, self.operation);
        match self.kind {
            ErrorKind::Transient => write!(f, "{store}: {operation} failed for now"),
            ErrorKind::Permanent => write!(f, "{store}: {operation} failed"),
            ErrorKind::Unsupported => write!(f, "{store}: {operation} is not supported"),
        }
    }
}

impl Error for DriverError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| &**source as &(dyn Error + 'static))
    }
}
