//! The tables and their versions.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::fault::Fault;
use crate::clock::{Clock, SystemClock};
use crate::driver::Migrated;

/// Each step of the schema, in order; the first leads to version 1. Never changed, only added to.
const STEPS: &[&str] = &[include_str!("migrations/0001_jobs.sql")];

/// The newest version this program knows.
fn known() -> u32 {
    u32::try_from(STEPS.len()).expect("a handful of steps")
}

/// Refuses a file whose schema this program does not understand.
pub(super) fn check(connection: &Connection) -> Result<(), Fault> {
    version(connection).map(drop)
}

/// The file's version; 0: it has no tables of ours.
fn version(connection: &Connection) -> Result<u32, Fault> {
    let ledger: Option<i64> = connection
        .query_row(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'bus_migrations'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    if ledger.is_none() {
        return Ok(0);
    }
    let newest = "SELECT coalesce(max(version), 0) FROM bus_migrations";
    let found = connection.query_row(newest, [], |row| row.get(0))?;
    if found > known() {
        return Err(Fault::Newer {
            found,
            known: known(),
        });
    }
    Ok(found)
}

/// Brings the file to the newest version. Others who try at the same time wait for the lock.
pub(super) fn migrate(connection: &mut Connection) -> Result<Migrated, Fault> {
    let found = version(connection)?;
    if found == known() {
        return Ok(Migrated {
            from: found,
            to: found,
        });
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = version(&transaction)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS bus_migrations (
             version INTEGER PRIMARY KEY,
             applied_at INTEGER NOT NULL
         ) STRICT",
    )?;
    for (number, step) in (1..).zip(STEPS).skip(from as usize) {
        transaction.execute_batch(step)?;
        transaction.execute(
            "INSERT INTO bus_migrations (version, applied_at) VALUES (?1, ?2)",
            (number, SystemClock.now().as_micros()),
        )?;
    }
    transaction.commit()?;
    Ok(Migrated { from, to: known() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_schema_is_refused() {
        let mut file = Connection::open_in_memory().unwrap();
        assert_eq!(
            migrate(&mut file).unwrap(),
            Migrated {
                from: 0,
                to: known()
            }
        );
        assert_eq!(migrate(&mut file).unwrap().from, known());
        file.execute("INSERT INTO bus_migrations VALUES (99, 0)", [])
            .unwrap();
        let error = migrate(&mut file).unwrap_err().to_string();
        assert!(error.contains("has version 99"), "{error}");
        assert!(check(&file).is_err());
    }
}
