//! Raw SQL: a narrow table, a partial index in the order of claims, prepared statements. All
//! commits wait for the disk.
use super::super::place::Place;
use super::super::report::Report;
use super::{BATCHES, calls, named, payload};
use bus::BoxError;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Postgres, Row as _};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// As a session that never changes its plans.
const SETTINGS: &str = "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; \
     set enable_hashjoin = off; set enable_mergejoin = off; set jit = off";

/// The statements on the table of one schema.
struct Raw {
    schema: String,
}

pub(super) async fn raw(
    place: &Place,
    jobs: u64,
    time: Duration,
    report: &mut Report,
) -> Result<(), BoxError> {
    let raw = Raw {
        schema: place.space(),
    };
    let mut connection = place.postgres().await?;
    connection.execute(SETTINGS).await?;
    raw.create(&mut connection).await?;
    for connections in [1, 10] {
        let rate = raw.singles(place, connections, time).await?;
        let name = format!("raw insert, {connections} connections");
        report.add(name, "jobs/s", rate);
    }
    report.ratio(
        "single 10 ÷ raw 10 connections",
        "single, 10 in flight",
        "raw insert, 10 connections",
    );
    for batch in BATCHES {
        for fused in [false, true] {
            connection.execute(raw.sql("truncate {raw}")).await?;
            let begun = Instant::now();
            raw.fill(&mut connection, jobs).await?;
            let took = begun.elapsed().as_secs_f64();
            report.add(
                "raw insert, 1 000 a statement",
                "jobs/s",
                jobs as f64 / took,
            );
            let begun = Instant::now();
            let drained = raw.drain(&mut connection, batch, fused).await?;
            let took = begun.elapsed().as_secs_f64();
            if drained != jobs {
                return Err(format!("the raw loop took {drained} of {jobs} jobs").into());
            }
            let how = if fused {
                "delete with claim"
            } else {
                "claim, delete"
            };
            let name = format!("raw {how}, {}", named(batch));
            report.add(name.as_str(), "jobs/s", jobs as f64 / took);
            report.ratio(&format!("drain ÷ {name}"), "drain", &name);
        }
    }
    report.ratio(
        "bulk 1 000 ÷ raw insert",
        "bulk 1 000",
        "raw insert, 1 000 a statement",
    );
    connection.close().await?;
    Ok(())
}

impl Raw {
    fn sql(&self, template: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(template.replace("{raw}", &format!("{}.raw", self.schema)))
    }

    fn query(&self, template: &str) -> Query<'static, Postgres, PgArguments> {
        sqlx::query(self.sql(template))
    }

    async fn create(&self, connection: &mut PgConnection) -> Result<(), BoxError> {
        let schema = format!("create schema {}", self.schema);
        connection.execute(AssertSqlSafe(schema)).await?;
        let table = "create table {raw} (id bigint generated always as identity primary key, \
             queue integer not null, rank smallint not null default 0, \
             run_at bigint not null default 0, state smallint not null default 0, lease bigint, \
             attempts smallint not null default 0, payload bytea not null) \
             with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0)";
        connection.execute(self.sql(table)).await?;
        let index = "create index on {raw} (queue, rank, run_at, id) where state = 0";
        connection.execute(self.sql(index)).await?;
        Ok(())
    }

    async fn fill(&self, connection: &mut PgConnection, jobs: u64) -> Result<(), BoxError> {
        for numbers in calls(jobs, 1_000) {
            let payloads: Vec<Vec<u8>> = numbers.map(payload).collect();
            let insert = "insert into {raw} (queue, payload) select 1, unnest($1::bytea[])";
            self.query(insert)
                .bind(payloads)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }

    /// One row a statement, so many connections, for a while.
    async fn singles(
        &self,
        place: &Place,
        connections: u64,
        time: Duration,
    ) -> Result<f64, BoxError> {
        let mut open = Vec::new();
        for _ in 0..connections {
            open.push(place.postgres().await?);
        }
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for mut connection in open {
            let insert = self
                .sql("insert into {raw} (queue, payload) values (1, $1)")
                .0;
            tasks.spawn(async move {
                let mut stored = 0_u64;
                while begun.elapsed() < time {
                    let insert = sqlx::query(AssertSqlSafe(insert.clone()));
                    insert
                        .bind(payload(stored))
                        .execute(&mut connection)
                        .await?;
                    stored += 1;
                }
                connection.close().await?;
                Ok::<u64, sqlx::Error>(stored)
            });
        }
        let mut stored = 0;
        while let Some(ended) = tasks.join_next().await {
            stored += ended??;
        }
        Ok(stored as f64 / begun.elapsed().as_secs_f64())
    }

    /// Takes and settles all, in batches; how many it were.
    async fn drain(
        &self,
        connection: &mut PgConnection,
        batch: u64,
        fused: bool,
    ) -> Result<u64, BoxError> {
        let settled = if fused {
            "with settled as (delete from {raw} where id = any($3) and lease = 7) "
        } else {
            ""
        };
        let claim = format!(
            "{settled}update {{raw}} j set state = 1, lease = 7, attempts = attempts + 1 \
             where j.ctid = any(array(select c.ctid from {{raw}} c \
                 where c.state = 0 and c.queue = 1 and c.run_at <= 1 \
                     and (c.rank, c.run_at, c.id) > (0, 0, $1) \
                 order by c.rank, c.run_at, c.id limit $2 for update skip locked)) \
             and j.state = 0 returning j.id, j.payload"
        );
        let delete = "delete from {raw} where id = any($1) and lease = 7";
        let (mut floor, mut drained, mut taken) = (0_i64, 0, Vec::<i64>::new());
        loop {
            let mut claim = self.query(&claim).bind(floor).bind(i64::try_from(batch)?);
            if fused {
                claim = claim.bind(std::mem::take(&mut taken));
            }
            let rows = claim.fetch_all(&mut *connection).await?;
            for row in &rows {
                let (id, payload): (i64, &[u8]) = (row.try_get(0)?, row.try_get(1)?);
                floor = floor.max(id);
                drained += u64::from(!payload.is_empty());
                taken.push(id);
            }
            if rows.is_empty() {
                return Ok(drained);
            }
            if !fused {
                let delete = self.query(delete).bind(std::mem::take(&mut taken));
                delete.execute(&mut *connection).await?;
            }
        }
    }
}
