//! The schema and its ledger.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use super::fault::Fault;
use super::store::Store;
use crate::driver::Migrated;

/// Each version's statements. What was released is never changed: only added to.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_jobs.sql")];

/// Brings the schema to this version.
pub(super) async fn migrate(store: &Arc<Store>) -> Result<Migrated, Fault> {
    let shared = Arc::clone(store);
    let lane = &store.ask;
    lane.run(move |connection| {
        Box::pin(async move {
            let migrated = bring(&shared, connection).await?;
            if migrated.from == 0 {
                shared.names.forget();
            }
            Ok(migrated)
        })
    })
    .await
}

async fn bring(store: &Store, connection: &mut PgConnection) -> Result<Migrated, Fault> {
    let schema = &store.sql.schema;
    let newest = u32::try_from(MIGRATIONS.len()).expect("there are few migrations");
    let mut transaction = connection.begin().await?;
    // Held to the end of the transaction: one process migrates, the others wait here and then
    // find nothing to do. The prefix keeps it apart from locks of the application.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('bus schema ' || $1, 0))")
        .bind(schema)
        .execute(&mut *transaction)
        .await?;
    let from = version(&mut transaction, schema).await?;
    if from > newest {
        return Err(Fault::permanent(format!(
            "the schema has version {from}, this program knows {newest}: it was migrated by a newer one"
        )));
    }
    if from == newest {
        // Said aloud: a transaction that is merely dropped stays open until its connection is used.
        transaction.rollback().await?;
        return Ok(Migrated { from, to: newest });
    }
    if from == 0 {
        // Asked first: a role that may not create schemas can still use one made for it.
        let exists = sqlx::query("select to_regnamespace($1) is not null").bind(schema);
        if !exists
            .fetch_one(&mut *transaction)
            .await?
            .try_get::<bool, _>(0)?
        {
            let create = format!("create schema {schema}");
            sqlx::raw_sql(AssertSqlSafe(create))
                .execute(&mut *transaction)
                .await?;
        }
        let ledger = format!(
            "create table {schema}.migrations (version integer primary key, \
             applied_at timestamptz not null default now())"
        );
        sqlx::raw_sql(AssertSqlSafe(ledger))
            .execute(&mut *transaction)
            .await?;
    }
    for version in from + 1..=newest {
        let at = usize::try_from(version - 1).expect("versions are small");
        let statements = MIGRATIONS[at].replace("{bus}", schema);
        sqlx::raw_sql(AssertSqlSafe(statements))
            .execute(&mut *transaction)
            .await?;
        let record = format!("insert into {schema}.migrations (version) values ({version})");
        sqlx::raw_sql(AssertSqlSafe(record))
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(Migrated { from, to: newest })
}

/// The schema's version; 0 if there is none.
async fn version(connection: &mut PgConnection, schema: &str) -> Result<u32, Fault> {
    let ledger =
        sqlx::query("select to_regclass($1) is not null").bind(format!("{schema}.migrations"));
    if !ledger
        .fetch_one(&mut *connection)
        .await?
        .try_get::<bool, _>(0)?
    {
        return Ok(0);
    }
    let newest = format!("select coalesce(max(version), 0) from {schema}.migrations");
    let row = sqlx::query(AssertSqlSafe(newest))
        .fetch_one(connection)
        .await?;
    Ok(u32::try_from(row.try_get::<i32, _>(0)?).unwrap_or(0))
}
