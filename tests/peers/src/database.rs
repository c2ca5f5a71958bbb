//! A database or prefix of its own for each measure.
use super::Error;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgPool};
use std::str::FromStr as _;

/// Makes a database and opens a pool on it.
pub async fn create(url: &str, name: &str, connections: u32) -> Result<PgPool, Error> {
    let options = PgConnectOptions::from_str(url)?;
    let mut server = options.connect().await?;
    let create = format!("create database {name}");
    server.execute(AssertSqlSafe(create)).await?;
    server.close().await?;
    let pool = PgPoolOptions::new().max_connections(connections);
    Ok(pool.connect_with(options.database(name)).await?)
}

/// Removes it with whoever is still there.
pub async fn drop_database(url: &str, name: &str) -> Result<(), Error> {
    let mut server = PgConnectOptions::from_str(url)?.connect().await?;
    let drop = format!("drop database if exists {name} with (force)");
    server.execute(AssertSqlSafe(drop)).await?;
    Ok(server.close().await?)
}

/// Removes all Redis keys whose names hold this.
pub async fn remove_keys(url: &str, name: &str) -> Result<(), Error> {
    let mut connection = redis::Client::open(url)?
        .get_multiplexed_async_connection()
        .await?;
    let mut cursor = 0_u64;
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("*{name}*"));
        scan.arg("COUNT").arg(1_000);
        let (next, keys): (u64, Vec<String>) = scan.query_async(&mut connection).await?;
        if !keys.is_empty() {
            let mut unlink = redis::cmd("UNLINK");
            unlink.arg(keys).exec_async(&mut connection).await?;
        }
        if next == 0 {
            return Ok(());
        }
        cursor = next;
    }
}
