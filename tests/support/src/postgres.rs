//! A PostgreSQL database of its own for a test.
use super::name::{is_stale, unique};
use super::server::{answers, outside};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::str::FromStr;
use tokio::sync::OnceCell;

const VARIABLE: &str = "BUS_TEST_POSTGRES_URL";
const DEFAULT: &str = "postgres://postgres@127.0.0.1:5432/test";

/// The server for tests: `BUS_TEST_POSTGRES_URL`, else the one on the default port.
///
/// # Panics
/// If no server answers there; the text says what to do.
#[track_caller]
pub fn postgres_url() -> String {
    let url = std::env::var(VARIABLE).unwrap_or_else(|_| DEFAULT.to_owned());
    let options = PgConnectOptions::from_str(&url)
        .unwrap_or_else(|error| panic!("{VARIABLE} is no PostgreSQL URL: {error}"));
    let (host, port) = (options.get_host(), options.get_port());
    if options.get_socket().is_none() && !answers(host, port) {
        panic!(
            "this test needs PostgreSQL and nothing answers at {host}:{port}: run `tests/run`, \
             which starts one, or set {VARIABLE} to a server where databases may be created"
        );
    }
    url
}

/// A new database, dropped with this value, whoever is connected to it then.
#[derive(Debug)]
pub struct Postgres {
    server: PgConnectOptions,
    name: String,
}

impl Postgres {
    /// Creates the database.
    ///
    /// # Panics
    /// If there is no server or it refuses; the text says what to do.
    pub async fn create() -> Self {
        static SWEPT: OnceCell<()> = OnceCell::const_new();
        let server = PgConnectOptions::from_str(&postgres_url()).expect("parsed before");
        let mut connection = server.connect().await.unwrap_or_else(|error| {
            panic!("PostgreSQL of the tests refuses a connection: {error}; see {VARIABLE}")
        });
        SWEPT.get_or_init(|| sweep(&mut connection)).await;
        let name = unique();
        run(&mut connection, format!("create database {name}")).await;
        connection.close().await.expect("nothing is under way");
        Self { server, name }
    }

    /// The URL of the database.
    pub fn url(&self) -> String {
        self.options().to_url_lossy().to_string()
    }

    /// How to connect to the database with `sqlx`.
    pub fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }

    /// How to connect to the server's own database: for what a test does to this one from
    /// outside, such as ending its connections.
    pub fn server(&self) -> &PgConnectOptions {
        &self.server
    }

    /// The name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Drops what killed runs left.
async fn sweep(connection: &mut PgConnection) {
    let names: Vec<String> = sqlx::query_scalar("select datname from pg_database")
        .fetch_all(&mut *connection)
        .await
        .expect("the list of databases is readable");
    for name in names.iter().filter(|name| is_stale(name)) {
        // Another process of the same run may sweep too.
        let drop = format!("drop database if exists {name} with (force)");
        let _ = sqlx::query(AssertSqlSafe(drop))
            .execute(&mut *connection)
            .await;
    }
}

async fn run(connection: &mut PgConnection, statement: String) {
    sqlx::query(AssertSqlSafe(statement.clone()))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("`{statement}` failed: {error}; see {VARIABLE}"));
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        outside(async move {
            let mut connection = server.connect().await?;
            let drop = format!("drop database if exists {name} with (force)");
            sqlx::query(AssertSqlSafe(drop))
                .execute(&mut connection)
                .await?;
            connection.close().await
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_database_is_its_own_and_gone_afterwards() {
        let (one, two) = (Postgres::create().await, Postgres::create().await);
        assert_ne!(one.name(), two.name());
        let mut connection = PgConnection::connect(&one.url()).await.unwrap();
        let current: String = sqlx::query_scalar("select current_database()")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(current, one.name());
        let (name, server) = (one.name().to_owned(), one.server().clone());
        drop(one);
        let mut connection = server.connect().await.unwrap();
        let left: i64 = sqlx::query_scalar("select count(*) from pg_database where datname = $1")
            .bind(name)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(left, 0);
    }
}
