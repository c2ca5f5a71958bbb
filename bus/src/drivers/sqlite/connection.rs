//! Opening the file.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};

use super::fault::Fault;
use crate::driver::Synchronous;

/// How long a write waits for one of another process.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to sleep before looking at a lock again. SQLite's own waits grow to 100 ms, in which
/// another busy process takes the lock a thousand times.
const NAP: Duration = Duration::from_micros(500);
/// The WAL is copied into the file when it has so many pages: 16 MiB, so that a burst pays for few
/// of these copies and the WAL stays small.
const CHECKPOINT_PAGES: i64 = 4_096;
/// Page cache in KiB.
const CACHE_KIB: i64 = 16 * 1024;
/// Kept statements: more than this store has.
const STATEMENTS: usize = 96;

/// Tells SQLite whether to look at a lock again after so many attempts.
fn wait_for_lock(attempts: i32) -> bool {
    let waited = NAP * attempts.unsigned_abs();
    if waited >= PATIENCE {
        return false;
    }
    std::thread::sleep(NAP);
    true
}

/// A connection that writes.
pub(super) fn open(path: &Path, synchronous: Synchronous) -> Result<Connection, Fault> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    if let Some(missing) = directory.filter(|directory| !directory.is_dir()) {
        return Err(Fault::NoDirectory(missing.to_owned()));
    }
    let connection = Connection::open(path)?;
    connection.busy_handler(Some(wait_for_lock))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Without it each new value of a parameter has the statement compiled again.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    use_wal(&connection)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // After a burst the WAL's file is cut to this again.
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    wait_for_disk(&connection, synchronous)?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn open_reader(path: &Path) -> Result<Connection, Fault> {
    let connection = open(path, Synchronous::Normal)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Whether commits from now on wait for the disk. Takes effect only between transactions.
pub(super) fn wait_for_disk(
    connection: &Connection,
    synchronous: Synchronous,
) -> Result<(), Fault> {
    let value = match synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    Ok(connection.pragma_update(None, "synchronous", value)?)
}

/// The change to WAL needs the file for itself, and SQLite does not wait for that.
fn use_wal(connection: &Connection) -> Result<(), Fault> {
    let mut attempts = 0;
    loop {
        let set = connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()));
        let busy = set
            .as_ref()
            .err()
            .and_then(rusqlite::Error::sqlite_error_code)
            .is_some_and(|code| code == ErrorCode::DatabaseBusy);
        if !busy || !wait_for_lock(attempts) {
            return Ok(set?);
        }
        attempts += 1;
    }
}
