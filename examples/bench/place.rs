//! Where a measure keeps its jobs: a schema, prefix or file that is new each time, and gone
//! afterwards.
use bus::prelude::*;
use bus::{BoxError, driver::StoreUrl};
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Which store it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Memory,
    Sqlite,
    Postgres,
    Redis,
}

/// The store that is measured, and what was made in it.
#[derive(Debug)]
pub(crate) struct Place {
    pub kind: Kind,
    /// As given.
    base: String,
    /// SQLite: what the names of its files begin with, and its options.
    file: String,
    query: String,
    /// What was made and is not removed yet.
    made: Mutex<Vec<String>>,
}

/// Tells the spaces of one process apart.
static SPACES: AtomicU32 = AtomicU32::new(0);

impl Place {
    /// # Errors
    /// When the URL means no store.
    pub(crate) fn at(url: &str) -> Result<Self, BoxError> {
        let mut place = Self {
            kind: Kind::Memory,
            base: url.to_owned(),
            file: String::new(),
            query: String::new(),
            made: Mutex::default(),
        };
        if let Some(rest) = url.strip_prefix("sqlite:") {
            let (file, query) = rest.split_once('?').unwrap_or((rest, ""));
            let file = file.strip_prefix("//").unwrap_or(file);
            let file = if file.is_empty() { "bus_bench" } else { file };
            place.kind = Kind::Sqlite;
            place.file = file.to_owned();
            place.query = query.to_owned();
            place.base = place.sqlite(file);
        }
        match place.base.parse::<StoreUrl>()? {
            StoreUrl::Postgres { .. } => place.kind = Kind::Postgres,
            StoreUrl::Redis { .. } => place.kind = Kind::Redis,
            _ => {}
        }
        Ok(place)
    }

    /// The name of a space that nobody has used; for SQLite that of a file. It is removed by
    /// [`clear`](Self::clear).
    pub(crate) fn space(&self) -> String {
        let number = SPACES.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let name = match self.kind {
            Kind::Sqlite => format!("{}_{process}_{number}.db", self.file),
            _ => format!("bus_bench_{process}_{number}"),
        };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.push(name.clone());
        name
    }

    /// The URL of such a space: whoever opens it first makes it.
    fn fresh(&self) -> String {
        let name = self.space();
        let mark = if self.base.contains('?') { '&' } else { '?' };
        match self.kind {
            Kind::Memory => "memory:".to_owned(),
            Kind::Sqlite => self.sqlite(&name),
            Kind::Postgres => format!(
                "{}{mark}schema={name}&application_name={}",
                self.base,
                application()
            ),
            Kind::Redis => format!("{}{mark}prefix={name}", self.base),
        }
    }

    /// A bus on such a space.
    pub(crate) async fn bus(&self) -> Result<(Bus, String), BoxError> {
        let url = self.fresh();
        Ok((open(&url).await?, url))
    }

    /// Removes all that was made. Whoever used it has hung up.
    pub(crate) async fn clear(&self) -> Result<(), BoxError> {
        let made = std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner));
        if made.is_empty() {
            return Ok(());
        }
        match self.kind {
            Kind::Memory => {}
            Kind::Sqlite => made.iter().try_for_each(|file| remove_files(file))?,
            Kind::Postgres => {
                let mut connection = self.postgres().await?;
                for name in made {
                    let drop = format!("drop schema if exists {name} cascade");
                    connection.execute(sqlx::AssertSqlSafe(drop)).await?;
                }
                connection.close().await?;
            }
            Kind::Redis => {
                let mut connection = self.redis().await?;
                for name in made {
                    remove_keys(&mut connection, &name).await?;
                }
                freed(&mut connection).await?;
            }
        }
        Ok(())
    }

    fn sqlite(&self, file: &str) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("sqlite://{file}{mark}{}", self.query)
    }

    /// SQLite: whether commits wait for the disk.
    pub(crate) fn waits_for_disk(&self) -> bool {
        !self.query.contains("synchronous=normal")
    }

    /// A connection to the Postgres server.
    pub(crate) async fn postgres(&self) -> Result<PgConnection, BoxError> {
        let connection = PgConnection::connect(&self.base).await;
        connection.map_err(|error| unreachable("PostgreSQL", &self.base, &error))
    }

    /// A connection to the Redis server.
    pub(crate) async fn redis(&self) -> Result<redis::aio::MultiplexedConnection, BoxError> {
        let client = redis::Client::open(self.base.as_str())?;
        let connection = client.get_multiplexed_async_connection().await;
        connection.map_err(|error| unreachable("Redis", &self.base, &error))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.kind {
            Kind::Memory => "memory",
            Kind::Sqlite if self.waits_for_disk() => "sqlite, synchronous full",
            Kind::Sqlite => "sqlite, synchronous normal",
            Kind::Postgres => "postgres",
            Kind::Redis => "redis",
        };
        f.write_str(name)
    }
}

/// What the connections of this run are called at the Postgres server.
pub(crate) fn application() -> String {
    format!("bus_bench_{}", std::process::id())
}

/// A bus on this store.
pub(crate) async fn open(url: &str) -> Result<Bus, BoxError> {
    Bus::connect(url).await.map_err(|error| {
        format!("{error}\nIs the server running, and does the URL name it rightly?").into()
    })
}

fn unreachable(server: &str, url: &str, error: &dyn std::error::Error) -> BoxError {
    let shown = url.parse::<StoreUrl>();
    let shown = shown.map_or_else(|_| server.to_owned(), |url| url.to_string());
    format!("{server} does not answer at {shown}: {error}\nStart it, or give another URL").into()
}

fn remove_files(file: &str) -> Result<(), BoxError> {
    for suffix in ["", "-wal", "-shm"] {
        match std::fs::remove_file(format!("{file}{suffix}")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

/// Removes all keys of a prefix in steps.
async fn remove_keys(
    connection: &mut redis::aio::MultiplexedConnection,
    prefix: &str,
) -> Result<(), BoxError> {
    let mut cursor = 0_u64;
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("{{{prefix}}}:*"));
        let (next, keys): (u64, Vec<Vec<u8>>) =
            scan.arg("COUNT").arg(1_000).query_async(connection).await?;
        if !keys.is_empty() {
            let mut unlink = redis::cmd("UNLINK");
            unlink.arg(keys).exec_async(connection).await?;
        }
        if next == 0 {
            return Ok(());
        }
        cursor = next;
    }
}

/// Waits until the server has freed what was removed: a thread of it does that, beside what is
/// measured next.
async fn freed(connection: &mut redis::aio::MultiplexedConnection) -> Result<(), BoxError> {
    let end = Instant::now() + Duration::from_secs(60);
    while Instant::now() < end {
        let memory: String = redis::cmd("INFO")
            .arg("memory")
            .query_async(connection)
            .await?;
        // Servers that do not say it free at once.
        let pending = memory
            .lines()
            .find_map(|line| line.strip_prefix("lazyfree_pending_objects:"));
        if pending.is_none_or(|objects| objects.trim() == "0") {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err("the server does not end freeing what was removed".into())
}
