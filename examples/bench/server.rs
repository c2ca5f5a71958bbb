//! What a server says of itself: its processor time, its log, its commits.
use super::machine;
use super::place::{Kind, Place, application};
use bus::BoxError;
use sqlx::{Connection as _, PgConnection, Row as _};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// A look at the server behind a place.
#[derive(Debug)]
pub(crate) enum Server {
    /// Nothing runs elsewhere.
    None,
    Postgres(Box<PgConnection>),
    Redis(redis::aio::MultiplexedConnection),
}

/// Seconds of processor by process.
pub(crate) type Times = HashMap<u32, f64>;

/// How far the log of a database was written, and how often it has committed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    pub bytes: f64,
    pub commits: f64,
}

/// What works for everybody.
const BACKGROUND: &str = "'walwriter', 'checkpointer', 'background writer', 'autovacuum worker'";

impl Server {
    pub(crate) async fn of(place: &Place) -> Result<Self, BoxError> {
        Ok(match place.kind {
            Kind::Memory | Kind::Sqlite => Self::None,
            Kind::Postgres => Self::Postgres(Box::new(place.postgres().await?)),
            Kind::Redis => Self::Redis(place.redis().await?),
        })
    }

    /// The processor time of the server's processes that work for this run, if it can be known.
    /// Postgres: its sessions of this run and what works in its background, if it is on this
    /// machine.
    pub(crate) async fn cpu(&mut self) -> Result<Option<Times>, BoxError> {
        match self {
            Self::None => Ok(None),
            Self::Postgres(connection) => {
                let processes = format!(
                    "select pid from pg_stat_activity \
                     where application_name = $1 or backend_type in ({BACKGROUND})"
                );
                let processes = sqlx::query(sqlx::AssertSqlSafe(processes)).bind(application());
                let mut times = Times::new();
                for row in processes.fetch_all(&mut **connection).await? {
                    let process: i32 = row.try_get(0)?;
                    let process = u32::try_from(process)?;
                    if machine::name_of(process).is_none_or(|name| name != "postgres") {
                        return Ok(None);
                    }
                    times.insert(process, machine::cpu_of(process).unwrap_or_default());
                }
                Ok(Some(times))
            }
            Self::Redis(connection) => {
                let info: String = redis::cmd("INFO")
                    .arg("cpu")
                    .query_async(connection)
                    .await?;
                let time = |name: &str| {
                    let line = info.lines().find_map(|line| line.strip_prefix(name));
                    line.and_then(|time| time.trim().parse::<f64>().ok())
                };
                let (user, system) = (time("used_cpu_user:"), time("used_cpu_sys:"));
                Ok(user
                    .zip(system)
                    .map(|(user, system)| Times::from([(0, user + system)])))
            }
        }
    }

    /// Waits until the sessions of this run are over: a session tells its numbers at its end.
    pub(crate) async fn quiet(&mut self) -> Result<(), BoxError> {
        let Self::Postgres(connection) = self else {
            return Ok(());
        };
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let open = "select count(*) from pg_stat_activity where application_name = $1";
            let open = sqlx::query_scalar(open).bind(application());
            let open: i64 = open.fetch_one(&mut **connection).await?;
            if open == 0 {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(format!("{open} sessions of this run do not end").into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What the database has written, if it is Postgres.
    pub(crate) async fn written(&mut self) -> Result<Option<Written>, BoxError> {
        let Self::Postgres(connection) = self else {
            return Ok(None);
        };
        let written = "select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8, \
             xact_commit::float8 from pg_stat_database where datname = current_database()";
        let row = sqlx::query(written).fetch_one(&mut **connection).await?;
        Ok(Some(Written {
            bytes: row.try_get(0)?,
            commits: row.try_get(1)?,
        }))
    }

    /// Hangs up.
    pub(crate) async fn close(self) -> Result<(), BoxError> {
        if let Self::Postgres(connection) = self {
            connection.close().await?;
        }
        Ok(())
    }
}

/// The processor time between two looks.
pub(crate) fn used(before: &Times, after: &Times) -> f64 {
    let used = |(process, after): (&u32, &f64)| after - before.get(process).unwrap_or(&0.0);
    after.iter().map(used).sum()
}
