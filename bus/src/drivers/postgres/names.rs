//! Queues and kinds by number: rows and index entries hold four bytes instead of a name.

use std::collections::{BTreeSet, HashMap};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::fault::Fault;
use super::sql::{Sql, query};
use crate::id::{CommandName, QueueName};

/// What a number of a kind stands for. The name as stored: it may break today's rules.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub(super) name: Option<CommandName>,
    pub(super) version: u16,
}

/// What this process knows of the two tables. Rows there are never changed or removed, so what is
/// known stays true.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    queues: HashMap<QueueName, i32>,
    queue_names: HashMap<i32, QueueName>,
    kinds: HashMap<(CommandName, u16), i32>,
    kind_names: HashMap<i32, Kind>,
}

impl Names {
    /// The queue's number, if it is known.
    pub(super) fn queue(&self, name: &str) -> Option<i32> {
        self.read(|known| known.queues.get(name).copied())
    }

    /// The kind's number, if it is known.
    pub(super) fn kind(&self, name: &CommandName, version: u16) -> Option<i32> {
        // The tuple is cloned to ask: a name is a pointer and a count.
        self.read(|known| known.kinds.get(&(name.clone(), version)).copied())
    }

    /// The queue of a number; numbers that nothing is known of stand for a queue of that number's
    /// name, so that a damaged row can be shown and deleted.
    pub(super) fn queue_name(&self, id: i32) -> QueueName {
        let known = self.read(|known| known.queue_names.get(&id).cloned());
        known.unwrap_or_else(|| QueueName::new(format!("?{id}")).expect("digits are a valid name"))
    }

    /// The kind of a number, if it is known.
    pub(super) fn kind_name(&self, id: i32) -> Option<Kind> {
        self.read(|known| known.kind_names.get(&id).cloned())
    }

    fn read<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives numbers to queues that have none yet.
    pub(super) async fn learn_queues(
        &self,
        connection: &mut PgConnection,
        sql: &Sql,
        names: impl IntoIterator<Item = &QueueName>,
    ) -> Result<(), Fault> {
        let mut missing: Vec<&str> = self.read(|known| {
            let unknown = |name: &&QueueName| !known.queues.contains_key(*name);
            names
                .into_iter()
                .filter(unknown)
                .map(QueueName::as_str)
                .collect()
        });
        if missing.is_empty() {
            return Ok(());
        }
        missing.sort_unstable();
        missing.dedup();
        query(&sql.add_queues)
            .bind(&missing)
            .execute(&mut *connection)
            .await?;
        let rows = query(&sql.queues_by_name)
            .bind(missing)
            .fetch_all(connection)
            .await?;
        self.know_queues(&rows)
    }

    /// Gives numbers to kinds that have none yet.
    pub(super) async fn learn_kinds(
        &self,
        connection: &mut PgConnection,
        sql: &Sql,
        kinds: impl IntoIterator<Item = (&CommandName, u16)>,
    ) -> Result<(), Fault> {
        let mut missing: Vec<(&str, u16)> = self.read(|known| {
            let unknown =
                |kind: &(&CommandName, u16)| !known.kinds.contains_key(&(kind.0.clone(), kind.1));
            let kinds = kinds.into_iter().filter(unknown);
            kinds
                .map(|(name, version)| (name.as_str(), version))
                .collect()
        });
        if missing.is_empty() {
            return Ok(());
        }
        missing.sort_unstable();
        missing.dedup();
        let (names, versions): (Vec<&str>, Vec<i32>) = missing
            .into_iter()
            .map(|(name, version)| (name, i32::from(version)))
            .unzip();
        let add = query(&sql.add_kinds).bind(&names).bind(&versions);
        add.execute(&mut *connection).await?;
        let kinds = query(&sql.kinds_by_name).bind(names).bind(versions);
        let rows = kinds.fetch_all(connection).await?;
        self.know_kinds(&rows)
    }

    /// Learns the numbers that rows of other processes hold.
    pub(super) async fn learn_numbers(
        &self,
        connection: &mut PgConnection,
        sql: &Sql,
        queues: impl IntoIterator<Item = i32>,
        kinds: impl IntoIterator<Item = i32>,
    ) -> Result<(), Fault> {
        let (queues, kinds) = self.read(|known| {
            let queues = queues
                .into_iter()
                .filter(|id| !known.queue_names.contains_key(id));
            let kinds = kinds
                .into_iter()
                .filter(|id| !known.kind_names.contains_key(id));
            (
                queues.collect::<BTreeSet<_>>(),
                kinds.collect::<BTreeSet<_>>(),
            )
        });
        if !queues.is_empty() {
            let queues: Vec<i32> = queues.into_iter().collect();
            let rows = query(&sql.queues_by_id)
                .bind(queues)
                .fetch_all(&mut *connection)
                .await?;
            self.know_queues(&rows)?;
        }
        if !kinds.is_empty() {
            let kinds: Vec<i32> = kinds.into_iter().collect();
            let rows = query(&sql.kinds_by_id)
                .bind(kinds)
                .fetch_all(connection)
                .await?;
            self.know_kinds(&rows)?;
        }
        Ok(())
    }

    /// Forgets all: the schema was made anew.
    pub(super) fn forget(&self) {
        *self.write() = Known::default();
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn know_queues(&self, rows: &[PgRow]) -> Result<(), Fault> {
        let mut known = self.write();
        for row in rows {
            let id: i32 = row.try_get(0)?;
            // A name that somebody wrote by hand may break the rules: it keeps its number's name.
            if let Ok(name) = QueueName::new(row.try_get::<&str, _>(1)?) {
                known.queues.insert(name.clone(), id);
                known.queue_names.insert(id, name);
            }
        }
        Ok(())
    }

    fn know_kinds(&self, rows: &[PgRow]) -> Result<(), Fault> {
        let mut known = self.write();
        for row in rows {
            let id: i32 = row.try_get(0)?;
            let name = CommandName::new(row.try_get::<&str, _>(1)?).ok();
            let version = u16::try_from(row.try_get::<i32, _>(2)?).unwrap_or(u16::MAX);
            if let Some(name) = &name {
                known.kinds.insert((name.clone(), version), id);
            }
            known.kind_names.insert(id, Kind { name, version });
        }
        Ok(())
    }
}
