-- Jobs, the names they use, and the workers that hold them.
-- {bus} is the schema. Times are microseconds since 1970-01-01T00:00:00Z.

-- Queues by number, so that a job's row and index entries stay narrow.
create table {bus}.queues (
    id integer generated always as identity primary key,
    name text collate "C" not null unique,
    paused_at bigint,
    pause_reason bytea
);

-- Stored names of commands with the version of their payload, by number for the same reason.
create table {bus}.kinds (
    id integer generated always as identity primary key,
    name text collate "C" not null,
    version integer not null,
    unique (name, version)
);

-- One row a worker process, rewritten in place (HOT) by its heartbeat.
create table {bus}.workers (
    id uuid primary key,
    info text not null,
    expires_at bigint not null
) with (fillfactor = 50);

-- State: 0 available, 1 scheduled, 2 running, 3 retryable, 4 completed, 5 cancelled, 6 dead.
-- Fixed-width columns first, widest first: no padding. Free text that may hold NULs is bytea.
-- Pages are filled by half: the version that a claim writes fits beside the one before it, and the log
-- then holds only what differs, a ninth less in all. A drained table is not larger for it.
create table {bus}.jobs (
    run_at bigint not null,
    created_at bigint, -- null: at run_at
    claimed_at bigint,
    ended_at bigint,
    keep_until bigint,
    queue integer not null,
    kind integer not null,
    deliveries integer not null default 0,
    attempts integer, -- null: none, as of most jobs in all their life
    deferrals integer,
    rank smallint not null,
    state smallint not null,
    max_attempts smallint not null,
    cancel boolean not null default false,
    id uuid primary key,
    worker uuid,
    key_id bytea,
    headers text,
    extras text,
    reason bytea,
    output bytea,
    failures text[],
    body bytea not null
) with (
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_cost_delay = 0
);

-- The order of claims; the one index that a plain job enters twice in its life.
create index jobs_ready on {bus}.jobs (queue, rank, run_at, id) where state = 0;
-- Whose jobs are running: for rescue, disown and retire.
create index jobs_running on {bus}.jobs (worker) where state = 2;
-- What waits for its time: for promotion.
create index jobs_due on {bus}.jobs (run_at, id) where state in (1, 3);
-- Running jobs that a person asked to end: for heartbeats.
create index jobs_cancel on {bus}.jobs (worker) where state = 2 and cancel;
-- What ended and is kept: for lists, and for the pruner.
create index jobs_ended on {bus}.jobs (state, id) where state in (4, 5, 6);
create index jobs_kept on {bus}.jobs (keep_until) where keep_until is not null;
