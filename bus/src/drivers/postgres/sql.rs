//! The statements, with the schema's name put in once.

use std::sync::Arc;

use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;

/// The columns that storing a job writes, in the order of [`super::rows::Columns`].
pub(super) const NEW_COLUMNS: &str = "run_at, created_at, claimed_at, queue, kind, deliveries, \
     rank, state, max_attempts, id, worker, key_id, headers, extras, body";

/// The types of [`NEW_COLUMNS`], as parameters from `first` on.
fn new_arrays(first: usize) -> String {
    let types = [
        "int8", "int8", "int8", "int4", "int4", "int4", "int2", "int2", "int2", "uuid", "uuid",
        "bytea", "text", "text", "bytea",
    ];
    let arrays: Vec<String> = types
        .iter()
        .enumerate()
        .map(|(at, kind)| format!("${}::{kind}[]", first + at))
        .collect();
    arrays.join(", ")
}

/// What a worker needs of a job, in the order that [`super::rows::claimed`] reads.
const CLAIMED: &str = "j.id, j.queue, j.kind, j.rank, j.run_at, j.created_at, j.attempts, \
     j.deliveries, j.deferrals, j.max_attempts, j.cancel, j.key_id, j.headers, j.extras, j.body";

/// What a person sees of a job: [`CLAIMED`], then what [`super::rows::record`] reads beyond.
const RECORD: &str = "j.state, j.claimed_at, j.ended_at, j.keep_until, j.worker, j.reason, \
     j.output, j.failures";

/// The fence: the job runs, by this worker ($1), with this delivery. Written so that no plan ever
/// starts from the index of running jobs.
const FENCE: &str = "j.id = s.id and j.state = 2 and j.worker is not distinct from $1 \
     and j.deliveries = s.delivery";

/// Every statement that does not depend on a filter.
#[derive(Debug)]
pub(super) struct Sql {
    pub(super) schema: String,
    pub(super) insert: Arc<str>,
    pub(super) insert_new: Arc<str>,
    pub(super) claim: Arc<str>,
    pub(super) drop: Arc<str>,
    pub(super) settle: Arc<str>,
    pub(super) settle_follow: Arc<str>,
    pub(super) time: Arc<str>,
    pub(super) heartbeat: Arc<str>,
    pub(super) cancelled: Arc<str>,
    pub(super) disown: Arc<str>,
    pub(super) forget_worker: Arc<str>,
    pub(super) lost: Arc<str>,
    pub(super) rescue: Arc<str>,
    pub(super) bury: Arc<str>,
    pub(super) promote: Arc<str>,
    pub(super) prune: Arc<str>,
    pub(super) notify: Arc<str>,
    pub(super) paused: Arc<str>,
    pub(super) pause: Arc<str>,
    pub(super) resume: Arc<str>,
    pub(super) queues: Arc<str>,
    pub(super) workers: Arc<str>,
    pub(super) counts: Arc<str>,
    /// `select` of whole records, to which a filter is added.
    pub(super) records: String,
    pub(super) add_queues: Arc<str>,
    pub(super) add_kinds: Arc<str>,
    pub(super) queues_by_name: Arc<str>,
    pub(super) queues_by_id: Arc<str>,
    pub(super) kinds_by_name: Arc<str>,
    pub(super) kinds_by_id: Arc<str>,
}

/// A prepared statement of [`Sql`].
pub(super) fn query(text: &Arc<str>) -> Query<'static, Postgres, PgArguments> {
    sqlx::query(AssertSqlSafe(Arc::clone(text)))
}

impl Sql {
    /// For a schema whose name [`crate::driver::StoreUrl`] has checked: it needs no escaping.
    pub(super) fn new(schema: &str) -> Self {
        let bus = format!("\"{schema}\"");
        let text = |template: &str| -> Arc<str> { template.replace("{bus}", &bus).into() };
        Self {
            schema: bus.clone(),
            insert: text(&insert()),
            insert_new: text(&format!(
                "{} on conflict (id) do nothing returning id",
                insert()
            )),
            claim: text(&claim()),
            drop: text(&format!(
                "delete from {{bus}}.jobs j using unnest($2::uuid[], $3::int4[]) as s(id, delivery) \
                 where {FENCE} returning j.id"
            )),
            settle: text(&settle(false)),
            settle_follow: text(&settle(true)),
            time: text(TIME),
            heartbeat: text(HEARTBEAT),
            cancelled: text("select id from {bus}.jobs where worker = $1 and state = 2 and cancel"),
            disown: text(DISOWN),
            forget_worker: text("delete from {bus}.workers where id = $1"),
            lost: text(&LOST.replace("{claimed}", CLAIMED)),
            rescue: text(RESCUE),
            bury: text(BURY),
            promote: text(PROMOTE),
            prune: text(PRUNE),
            notify: text(NOTIFY),
            paused: text("select id from {bus}.queues where paused_at is not null"),
            pause: text(PAUSE),
            resume: text(
                "update {bus}.queues set paused_at = null, pause_reason = null \
                 where name = $1 and paused_at is not null",
            ),
            queues: text(
                "select id, name, paused_at, pause_reason from {bus}.queues \
                 where paused_at is not null or id in (select distinct queue from {bus}.jobs) \
                 order by name",
            ),
            workers: text("select info, expires_at from {bus}.workers order by id"),
            counts: text(
                "select queue, state, count(*), min(run_at) from {bus}.jobs \
                 where $1::int4 is null or queue = $1 group by queue, state",
            ),
            records: format!("select {CLAIMED}, {RECORD} from {bus}.jobs j where "),
            add_queues: text(
                "insert into {bus}.queues (name) select unnest($1::text[]) on conflict do nothing",
            ),
            add_kinds: text(
                "insert into {bus}.kinds (name, version) \
                 select * from unnest($1::text[], $2::int4[]) on conflict do nothing",
            ),
            queues_by_name: text("select id, name from {bus}.queues where name = any($1)"),
            queues_by_id: text("select id, name from {bus}.queues where id = any($1)"),
            kinds_by_name: text(
                "select k.id, k.name, k.version from {bus}.kinds k \
                 join unnest($1::text[], $2::int4[]) as s(name, version) using (name, version)",
            ),
            kinds_by_id: text("select id, name, version from {bus}.kinds where id = any($1)"),
        }
    }
}

fn insert() -> String {
    format!(
        "insert into {{bus}}.jobs ({NEW_COLUMNS}) select * from unnest({})",
        new_arrays(1)
    )
}

/// $1 worker, $2 now; per queue $3 number, $4 share, $5–$7 floor; $8 limit over all.
///
/// The inner loop walks the index from the floor on and stops at the limit; what it locks is
/// written by its place in the table, without asking an index again. A claim that a crash of the
/// server loses is made again, so its commit does not wait for the disk.
fn claim() -> String {
    format!(
        "update {{bus}}.jobs j \
         set state = 2, worker = $1, deliveries = j.deliveries + 1, claimed_at = $2 \
         where j.ctid = any(array( \
             select t.ctid \
             from unnest($3::int4[], $4::int8[], $5::int2[], $6::int8[], $7::uuid[]) \
                 as q(queue, share, rank, run_at, id) \
             cross join lateral ( \
                 select c.ctid from {{bus}}.jobs c \
                 where c.state = 0 and c.queue = q.queue and c.run_at <= $2 \
                     and (c.rank, c.run_at, c.id) > (q.rank, q.run_at, q.id) \
                 order by c.rank, c.run_at, c.id limit q.share for update skip locked) t \
             where not exists (select from {{bus}}.queues p \
                 where p.id = q.queue and p.paused_at is not null) \
             limit $8)) \
         and j.state = 0 \
         returning {CLAIMED}, (select set_config('synchronous_commit', 'off', true))"
    )
}

/// $1 worker; per settlement $2 id, $3 delivery, $4 new state (-1: the row goes), $5 run_at,
/// $6 attempts, $7 deferrals to add, $8 failure, $9 ended_at, $10 keep_until, $11 reason,
/// $12 output. With `follow`: $13 the id of the settled job, $14 on the columns of the new one.
fn settle(follow: bool) -> String {
    let followed = if follow {
        format!(
            ", followed as (insert into {{bus}}.jobs ({NEW_COLUMNS}) \
             select {columns} from unnest($13::uuid[], {arrays}) as f(parent, {NEW_COLUMNS}) \
             where f.parent in (select id from gone union all select id from moved) \
             on conflict (id) do nothing)",
            columns = NEW_COLUMNS
                .replace(", ", ", f.")
                .replacen("run_at", "f.run_at", 1),
            arrays = new_arrays(14),
        )
    } else {
        String::new()
    };
    format!(
        "with s as materialized (select * from unnest($2::uuid[], $3::int4[], $4::int2[], \
             $5::int8[], $6::int4[], $7::int4[], $8::text[], $9::int8[], $10::int8[], \
             $11::bytea[], $12::bytea[]) as s(id, delivery, state, run_at, attempts, deferrals, \
             failure, ended_at, keep_until, reason, output)), \
         gone as (delete from {{bus}}.jobs j using s where s.state < 0 and {FENCE} \
             returning j.id), \
         moved as (update {{bus}}.jobs j set state = s.state, worker = null, \
                 run_at = coalesce(s.run_at, j.run_at), \
                 attempts = j.attempts + s.attempts, deferrals = j.deferrals + s.deferrals, \
                 ended_at = s.ended_at, keep_until = s.keep_until, \
                 reason = s.reason, output = s.output, \
                 failures = case when s.failure is null then j.failures \
                     else (coalesce(j.failures, '{{}}') || s.failure)\
                         [greatest(cardinality(coalesce(j.failures, '{{}}')) - {kept}, 1):] end \
             from s where s.state >= 0 and {FENCE} returning j.id){followed} \
         select id from gone union all select id from moved",
        // The newest that are kept, the one that is appended among them.
        kept = crate::job::Failure::KEPT - 2,
    )
}

/// $1 id, $2 what people see, $3 the lease's end.
const HEARTBEAT: &str = "insert into {bus}.workers as w (id, info, expires_at) \
     values ($1, $2, $3) \
     on conflict (id) do update set info = excluded.info, expires_at = excluded.expires_at \
     returning w.xmax = 0, (extract(epoch from clock_timestamp()) * 1000000)::int8";

/// The server's clock.
const TIME: &str = "select (extract(epoch from clock_timestamp()) * 1000000)::int8";

/// $1 worker, $2 what it holds, $3 limit.
const DISOWN: &str = "update {bus}.jobs j set state = 0, worker = null \
     where j.id = any(array(select id from {bus}.jobs \
         where worker = $1 and state = 2 and id <> all($2) \
         order by id limit $3 for update)) \
     and j.state = 2 and j.worker = $1 returning j.queue";

/// $1 rescuer, $2 now, $3 limit. Walks from holder to holder through the index of running jobs,
/// so that jobs of workers nobody knows are found as well.
const LOST: &str = "with recursive holder(id) as ( \
         (select worker from {bus}.jobs where state = 2 order by worker limit 1) \
         union all \
         select (select j.worker from {bus}.jobs j where j.state = 2 and j.worker > holder.id \
             order by j.worker limit 1) \
         from holder where holder.id is not null), \
     gone as materialized (select h.id from holder h where h.id is not null and h.id <> $1 \
         and not exists (select from {bus}.workers w where w.id = h.id and w.expires_at > $2)) \
     select {claimed}, j.worker from gone \
     cross join lateral (select * from {bus}.jobs r where r.state = 2 and r.worker = gone.id \
         order by r.id limit $3 for update skip locked) j \
     limit $3";

/// $1 id, $2 attempts, $3 failure, $4 exhausted; $5 due again, $6 state for those with attempts
/// left, $7 rescuer, $8 now. Within the transaction that locked the rows.
const RESCUE: &str = "update {bus}.jobs j set \
         attempts = s.attempts, \
         failures = (coalesce(j.failures, '{}') || s.failure)\
             [greatest(cardinality(coalesce(j.failures, '{}')) - 23, 1):], \
         state = case when s.exhausted then 2 else $6 end, \
         worker = case when s.exhausted then $7::uuid end, \
         run_at = case when s.exhausted then j.run_at else $5 end, \
         deliveries = j.deliveries + case when s.exhausted then 1 else 0 end, \
         claimed_at = case when s.exhausted then $8 else j.claimed_at end \
     from unnest($1::uuid[], $2::int4[], $3::text[], $4::bool[]) \
         as s(id, attempts, failure, exhausted) \
     where j.id = s.id";

/// $1 rescuer, $2 now.
const BURY: &str = "delete from {bus}.workers w where w.expires_at <= $2 and w.id <> $1 \
     and not exists (select from {bus}.jobs j where j.state = 2 and j.worker = w.id) \
     returning w.id";

/// $1 now, $2 limit. One row a queue, and one for when the next is due.
const PROMOTE: &str = "with moved as (update {bus}.jobs j set state = 0 \
         where j.id = any(array(select id from {bus}.jobs \
             where state in (1, 3) and run_at <= $1 \
             order by run_at, id limit $2 for update skip locked)) \
         and j.state in (1, 3) returning j.queue) \
     select queue, count(*) from moved group by queue \
     union all \
     select null, (select run_at from {bus}.jobs where state in (1, 3) and run_at > $1 \
         order by run_at, id limit 1)";

/// $1 now, $2 limit.
const PRUNE: &str = "delete from {bus}.jobs j \
     where j.id = any(array(select id from {bus}.jobs \
         where keep_until <= $1 and state in (4, 5, 6) \
         order by keep_until limit $2 for update skip locked)) \
     and j.keep_until <= $1";

/// $1 channel, $2 news, $3 workers of this process: nobody is told if there is no other worker.
/// A lost notification costs a poll, so the commit does not wait for the disk.
const NOTIFY: &str = "select pg_notify($1, news), set_config('synchronous_commit', 'off', true) \
     from unnest($2::text[]) as n(news) \
     where exists (select from {bus}.workers where id <> all($3))";

/// $1 name, $2 now, $3 reason.
const PAUSE: &str = "insert into {bus}.queues as q (name, paused_at, pause_reason) \
     values ($1, $2, $3) \
     on conflict (name) do update set paused_at = excluded.paused_at, \
         pause_reason = excluded.pause_reason where q.paused_at is null";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_and_their_types_agree() {
        let columns = NEW_COLUMNS.split(", ").count();
        assert_eq!(new_arrays(1).split(", ").count(), columns);
        assert!(new_arrays(1).ends_with("$15::bytea[]"));
    }

    #[test]
    fn no_statement_keeps_a_placeholder() {
        let sql = format!("{:?}", Sql::new("order"));
        assert!(
            !sql.contains("{bus}") && !sql.contains("{claimed}"),
            "{sql}"
        );
        assert!(sql.contains("order"));
    }
}
