//! What went wrong, in a form that many callers of one flush can share.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use crate::driver::{DriverError, ErrorKind};

/// The store's name in errors.
pub(super) const STORE: &str = "postgres";

/// A failed statement; becomes a [`DriverError`] once the operation is known.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    kind: ErrorKind,
    source: Arc<dyn Error + Send + Sync>,
}

impl Fault {
    pub(super) fn transient(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: ErrorKind::Transient,
            source: Arc::from(source.into()),
        }
    }

    pub(super) fn permanent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: ErrorKind::Permanent,
            source: Arc::from(source.into()),
        }
    }

    /// The runtime dropped what was under way; whether it took effect is unknown.
    pub(super) fn ended() -> Self {
        Self::transient("the runtime is shutting down")
    }

    pub(super) const fn is_transient(&self) -> bool {
        matches!(self.kind, ErrorKind::Transient)
    }

    pub(super) fn of(self, operation: &'static str) -> DriverError {
        match self.kind {
            ErrorKind::Transient => DriverError::transient(STORE, operation, self.source),
            _ => DriverError::permanent(STORE, operation, self.source),
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        let code = match &error {
            sqlx::Error::Database(database) => database.code().map(Cow::into_owned),
            sqlx::Error::Configuration(_)
            | sqlx::Error::InvalidArgument(_)
            | sqlx::Error::Encode(_)
            | sqlx::Error::Decode(_)
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::TypeNotFound { .. }
            | sqlx::Error::RowNotFound => return Self::permanent(error),
            // No connection, a broken one, or an answer out of order.
            _ => return Self::transient(error),
        };
        match code.as_deref() {
            Some(code) if may_pass(code) => Self::transient(error),
            Some("42P01" | "3F000") => Self::permanent(MissingSchema(error)),
            _ => Self::permanent(error),
        }
    }
}

/// Whether an SQLSTATE tells of a state of the server that passes.
fn may_pass(code: &str) -> bool {
    // Connection, transaction rollback, resources, operator intervention, lock not available;
    // 25006: read-only, as a server is during a fail-over.
    let classes = ["08", "40", "53", "57", "58"];
    classes.iter().any(|class| code.starts_with(class)) || matches!(code, "55P03" | "25006")
}

/// Whether the error is that of a key that exists already.
pub(super) fn is_duplicate(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(database) = error else {
        return false;
    };
    database.code().as_deref() == Some("23505")
}

/// The tables are not there.
#[derive(Debug, thiserror::Error)]
#[error("the schema is missing: call migrate first")]
struct MissingSchema(#[source] sqlx::Error);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_stays() {
        for code in ["57P01", "40P01", "53300", "08006", "25006"] {
            assert!(may_pass(code), "{code}");
        }
        for code in ["42601", "28P01", "3D000", "22021", "42P01"] {
            assert!(!may_pass(code), "{code}");
        }
        assert!(Fault::from(sqlx::Error::Protocol("cut".to_owned())).is_transient());
        assert!(!Fault::from(sqlx::Error::RowNotFound).is_transient());
    }

    #[test]
    fn the_error_leads_to_its_cause() {
        let error = Fault::from(sqlx::Error::RowNotFound).of("claim");
        assert_eq!(error.to_string(), "postgres: claim failed");
        assert!(error.source().is_some());
    }
}
