//! From what a person asks for to SQL.

use std::fmt::Write;

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, params_from_iter};

use super::desk::Desk;
use super::fault::Fault;
use super::rows::{self, RECORD};
use crate::clock::Timestamp;
use crate::driver::{JobFilter, JobPage, MAX_BATCH, Order, Page, Selection};
use crate::id::JobId;

/// A job that was found, to be looked at again before it is changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) seq: i64,
    pub(super) id: JobId,
}

/// Conditions as SQL, with what they name. Parameters are numbered from a given number on.
#[derive(Debug, Clone)]
pub(super) struct Conditions {
    pub(super) sql: String,
    pub(super) params: Vec<Value>,
    next: usize,
}

impl Conditions {
    /// What a filter means. Extras that cannot be read have no tags and no batch.
    pub(super) fn of(filter: &JobFilter, first: usize) -> Self {
        let mut all = Self {
            sql: "TRUE".to_owned(),
            params: Vec::new(),
            next: first,
        };
        if !filter.states.is_empty() {
            let states = filter.states.iter().map(|state| state.code().to_string());
            let states = states.collect::<Vec<_>>().join(", ");
            write!(all.sql, " AND state IN ({states})").expect("writing to a string");
        }
        if let Some(queue) = &filter.queue {
            let sql = "queue = (SELECT seq FROM bus_queues WHERE name = ?)";
            all.and(sql, Value::Text(queue.as_str().to_owned()));
        }
        if let Some(name) = &filter.name {
            all.and("name = ?", Value::Text(name.clone()));
        }
        if let Some(tag) = &filter.tag {
            let sql = "CASE WHEN json_valid(extras) THEN EXISTS ( \
                SELECT 1 FROM json_each(extras, '$.tags') WHERE value = ?) ELSE FALSE END";
            all.and(sql, Value::Text(tag.clone()));
        }
        if let Some(batch) = filter.batch {
            let sql = "CASE WHEN json_valid(extras) THEN \
                json_extract(extras, '$.links.batch') = ? ELSE FALSE END";
            all.and(sql, Value::Text(batch.to_string()));
        }
        if let Some(worker) = filter.worker {
            all.and("worker = ?", Value::Blob(worker.as_bytes().to_vec()));
        }
        if let Some(before) = filter.created_before {
            all.and("created_at < ?", time(before));
        }
        if let Some(before) = filter.ended_before {
            all.and("ended_at < ?", time(before));
        }
        all
    }

    /// Adds a condition with one `?` in it.
    fn and(&mut self, condition: &str, value: Value) {
        let condition = condition.replace('?', &format!("?{}", self.next));
        write!(self.sql, " AND {condition}").expect("writing to a string");
        self.params.push(value);
        self.next += 1;
    }
}

/// A time as a parameter.
pub(super) const fn time(at: Timestamp) -> Value {
    Value::Integer(at.as_micros())
}

/// The first jobs of a selection for which `legal` (SQL) holds.
pub(super) fn find(
    desk: &Desk<'_>,
    selection: &Selection,
    legal: &str,
    limit: usize,
) -> Result<Vec<Found>, Fault> {
    let limit = limit.min(MAX_BATCH);
    match selection {
        Selection::Ids(ids) => {
            let sql = format!("SELECT seq FROM bus_jobs WHERE id = ?1 AND {legal}");
            let mut one = desk.statement(&sql)?;
            let mut found: Vec<Found> = Vec::new();
            for &id in ids {
                if found.len() == limit {
                    break;
                }
                let seq = one.query_row([id.as_bytes()], |row| row.get(0));
                found.extend(seq.optional()?.map(|seq| Found { seq, id }));
            }
            Ok(found)
        }
        Selection::Fitting(filter) => {
            let conditions = Conditions::of(filter, 1);
            let sql = format!(
                "SELECT seq, id FROM bus_jobs WHERE {} AND {legal} LIMIT {limit}",
                conditions.sql
            );
            let mut all = desk.statement(&sql)?;
            let found = all.query_map(params_from_iter(conditions.params), |row| {
                let id = JobId::from_bytes(row.get(1)?);
                Ok(Found {
                    seq: row.get(0)?,
                    id,
                })
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        }
    }
}

/// One page of a list.
pub(super) fn list(desk: &Desk<'_>, filter: &JobFilter, page: Page) -> Result<JobPage, Fault> {
    let mut conditions = Conditions::of(filter, 1);
    let (step, direction) = match page.order {
        Order::NewestFirst => ("id < ?", "DESC"),
        Order::OldestFirst => ("id > ?", "ASC"),
    };
    if let Some(after) = page.after {
        conditions.and(step, Value::Blob(after.as_bytes().to_vec()));
    }
    let limit = page.limit.min(MAX_BATCH);
    // One more than asked for tells whether there is a next page.
    let sql = format!(
        "SELECT {RECORD} FROM bus_jobs WHERE {} ORDER BY id {direction} LIMIT {}",
        conditions.sql,
        limit + 1
    );
    let mut statement = desk.statement(&sql)?;
    let mut rows = statement.query(params_from_iter(conditions.params))?;
    let mut jobs = Vec::new();
    let mut more = false;
    while let Some(row) = rows.next()? {
        if jobs.len() == limit {
            more = true;
            break;
        }
        jobs.push(rows::record(desk, row)?);
    }
    let next = jobs.last().filter(|_| more).map(|job| job.id);
    Ok(JobPage { jobs, next })
}
