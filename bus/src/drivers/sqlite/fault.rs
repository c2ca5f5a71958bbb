//! What can go wrong in the file, and what that means for the caller.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;

use crate::driver::DriverError;

/// The store's name in errors.
pub(super) const STORE: &str = "sqlite";

/// Why work was not done. Cheap to clone: one failed commit is the failure of many callers.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Sqlite(Arc<rusqlite::Error>),
    #[error("the file has no tables of bus; call migrate first")]
    Missing,
    #[error("the file's schema has version {found}, this program knows versions up to {known}")]
    Newer { found: u32, known: u32 },
    #[error("there is no directory {}", .0.display())]
    NoDirectory(PathBuf),
    #[error("the store is closed")]
    Closed,
    #[error("an earlier part of the same push failed")]
    Earlier,
    #[error("the threads of the store cannot be started: {0}")]
    Threads(Arc<std::io::Error>),
    #[error("this store keeps no unique keys, limits or batches")]
    Unsupported,
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        if error.to_string().contains("no such table: bus_") {
            return Self::Missing;
        }
        Self::Sqlite(Arc::new(error))
    }
}

impl Fault {
    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            _ => None,
        }
    }

    /// Trying again may help.
    fn is_transient(&self) -> bool {
        if matches!(self, Self::Earlier) {
            return true;
        }
        matches!(
            self.code(),
            Some(
                ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::DiskFull
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::OutOfMemory
                    | ErrorCode::FileLockingProtocolFailed
                    | ErrorCode::OperationInterrupted
                    | ErrorCode::OperationAborted
                    | ErrorCode::SchemaChanged
                    | ErrorCode::CannotOpen
            )
        )
    }

    /// The connection may be the cause: open another.
    pub(super) fn spoils_connection(&self) -> bool {
        matches!(
            self.code(),
            Some(
                ErrorCode::SystemIoFailure
                    | ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::CannotOpen
                    | ErrorCode::ReadOnly
            )
        )
    }

    /// As the caller of this operation gets it.
    pub(super) fn of(self, operation: &'static str) -> DriverError {
        if matches!(self, Self::Unsupported) {
            return DriverError::unsupported(STORE, operation);
        }
        if self.is_transient() {
            return DriverError::transient(STORE, operation, self);
        }
        DriverError::permanent(STORE, operation, self)
    }
}
