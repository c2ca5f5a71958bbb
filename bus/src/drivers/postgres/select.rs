//! From a filter to a condition in SQL, and to exact ids where SQL cannot tell.

use sqlx::postgres::Postgres;
use sqlx::{PgConnection, QueryBuilder, Row as _};
use uuid::Uuid;

use super::fault::Fault;
use super::store::Store;
use crate::driver::{JobFilter, MAX_BATCH, Selection};
use crate::id::JobId;
use crate::job::{JobExtras, JobState};

/// A filter whose names have numbers.
#[derive(Debug)]
pub(super) struct Condition {
    filter: JobFilter,
    /// The queue's number; a queue nobody used has none, and no jobs.
    queue: Option<i32>,
    /// A name with a NUL or of no kind: nothing fits.
    nothing: bool,
}

impl Condition {
    pub(super) async fn of(
        store: &Store,
        connection: &mut PgConnection,
        filter: JobFilter,
    ) -> Result<Self, Fault> {
        let mut nothing = filter.name.as_ref().is_some_and(|name| name.contains('\0'));
        let mut queue = None;
        if let Some(name) = &filter.queue {
            queue = number_of(store, connection, name.as_str()).await?;
            nothing |= queue.is_none();
        }
        Ok(Self {
            filter,
            queue,
            nothing,
        })
    }

    /// Adds the condition. It may let through more than fits by tag and batch: they are inside
    /// a text; [`fits`](Self::fits) tells for sure.
    pub(super) fn push(&self, sql: &mut QueryBuilder<Postgres>, schema: &str) {
        let filter = &self.filter;
        sql.push(if self.nothing { "false" } else { "true" });
        if !filter.states.is_empty() {
            sql.push(" and j.state in (");
            let mut states = sql.separated(", ");
            for state in &filter.states {
                // A literal, so that the partial indexes apply.
                states.push(state.code());
            }
            sql.push(")");
        }
        if let Some(queue) = self.queue {
            sql.push(" and j.queue = ").push_bind(queue);
        }
        if let Some(name) = filter.name.as_ref().filter(|_| !self.nothing) {
            sql.push(format_args!(
                " and j.kind in (select id from {schema}.kinds where name = "
            ));
            sql.push_bind(name.clone()).push(")");
        }
        if let Some(tag) = &filter.tag {
            let tag = serde_json::to_string(tag).expect("a string always serialises");
            sql.push(" and strpos(j.extras, ")
                .push_bind(tag)
                .push(") > 0");
        }
        if let Some(batch) = &filter.batch {
            sql.push(" and strpos(j.extras, ")
                .push_bind(batch.to_string())
                .push(") > 0");
        }
        if let Some(worker) = &filter.worker {
            sql.push(" and j.state = 2 and j.worker = ")
                .push_bind(worker.as_uuid());
        }
        if let Some(before) = filter.created_before {
            sql.push(" and coalesce(j.created_at, j.run_at) < ")
                .push_bind(before.as_micros());
        }
        if let Some(before) = filter.ended_before {
            sql.push(" and j.state in (4, 5, 6) and j.ended_at < ")
                .push_bind(before.as_micros());
        }
    }

    /// Whether SQL alone cannot tell.
    pub(super) const fn is_rough(&self) -> bool {
        self.filter.tag.is_some() || self.filter.batch.is_some()
    }

    /// Whether the extras of a job that SQL let through have the tag and the batch.
    pub(super) fn fits(&self, extras: Option<&JobExtras>) -> bool {
        let tagged = |tag| extras.is_some_and(|extras| extras.tags.contains(tag));
        let batch = extras.and_then(|extras| extras.links.batch);
        self.filter.tag.as_ref().is_none_or(tagged)
            && self.filter.batch.is_none_or(|wanted| batch == Some(wanted))
    }
}

/// The number of a queue, or none if nobody ever used it.
pub(super) async fn number_of(
    store: &Store,
    connection: &mut PgConnection,
    queue: &str,
) -> Result<Option<i32>, Fault> {
    if let Some(known) = store.names.queue(queue) {
        return Ok(Some(known));
    }
    let found = super::sql::query(&store.sql.queues_by_name).bind(vec![queue]);
    let row = found.fetch_optional(connection).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// What an action is done to: a condition on `j`, exact.
#[derive(Debug)]
pub(super) enum Target {
    Ids(Vec<Uuid>),
    Fitting(Condition),
}

impl Target {
    /// `states` are those in which the action is possible, `limit` how many jobs it may touch.
    pub(super) async fn of(
        store: &Store,
        connection: &mut PgConnection,
        selection: Selection,
        states: &[JobState],
        limit: usize,
    ) -> Result<Self, Fault> {
        let filter = match selection {
            Selection::Ids(ids) => return Ok(Self::Ids(ids.iter().map(JobId::as_uuid).collect())),
            Selection::Fitting(filter) => filter,
        };
        let condition = Condition::of(store, connection, filter).await?;
        if !condition.is_rough() {
            return Ok(Self::Fitting(condition));
        }
        Ok(Self::Ids(
            exact(store, connection, &condition, states, limit).await?,
        ))
    }

    pub(super) fn push(&self, sql: &mut QueryBuilder<Postgres>, schema: &str) {
        match self {
            Self::Ids(ids) => {
                sql.push("j.id = any(").push_bind(ids.clone()).push(")");
            }
            Self::Fitting(condition) => condition.push(sql, schema),
        }
    }
}

/// The first ids that fit for sure, page by page.
async fn exact(
    store: &Store,
    connection: &mut PgConnection,
    condition: &Condition,
    states: &[JobState],
    limit: usize,
) -> Result<Vec<Uuid>, Fault> {
    let schema = &store.sql.schema;
    let mut found = Vec::new();
    let mut after = Uuid::nil();
    loop {
        let mut sql = QueryBuilder::<Postgres>::new(format!(
            "select j.id, j.extras from {schema}.jobs j where "
        ));
        condition.push(&mut sql, schema);
        push_states(&mut sql, states);
        sql.push(" and j.id > ").push_bind(after);
        sql.push(format_args!(" order by j.id limit {MAX_BATCH}"));
        let rows = sql
            .build()
            .persistent(false)
            .fetch_all(&mut *connection)
            .await?;
        for row in &rows {
            after = row.try_get(0)?;
            let extras: Option<&str> = row.try_get(1)?;
            let extras = extras.and_then(|json| JobExtras::from_json(json.as_bytes()).ok());
            if condition.fits(extras.as_ref()) {
                found.push(after);
            }
            if found.len() >= limit {
                return Ok(found);
            }
        }
        if rows.len() < MAX_BATCH {
            return Ok(found);
        }
    }
}

/// Adds that the job is in one of these states.
pub(super) fn push_states(sql: &mut QueryBuilder<Postgres>, states: &[JobState]) {
    let codes: Vec<String> = states
        .iter()
        .map(|state| state.code().to_string())
        .collect();
    sql.push(format_args!(" and j.state in ({})", codes.join(", ")));
}
