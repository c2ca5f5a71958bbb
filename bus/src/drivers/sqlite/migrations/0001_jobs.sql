-- Jobs, queues, workers. Times are microseconds since 1970, states the codes of `JobState`,
-- ids 16 bytes.

CREATE TABLE bus_queues (
    seq          INTEGER PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    paused_at    INTEGER,
    pause_reason TEXT
) STRICT;

CREATE TABLE bus_jobs (
    seq          INTEGER PRIMARY KEY, -- the order of arrival
    id           BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    state        INTEGER NOT NULL,
    queue        INTEGER NOT NULL,
    rank         INTEGER NOT NULL,    -- of its priority: the most urgent is the lowest
    run_at       INTEGER NOT NULL,
    marks        INTEGER NOT NULL DEFAULT 0, -- where else there is something of it: see `Marks`
    worker       BLOB,                -- only while running
    deliveries   INTEGER NOT NULL DEFAULT 0,
    attempts     INTEGER NOT NULL DEFAULT 0,
    deferrals    INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    cancel       INTEGER NOT NULL DEFAULT 0, -- a person asked the running job to end
    version      INTEGER NOT NULL,
    name         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    claimed_at   INTEGER,
    ended_at     INTEGER,
    keep_until   INTEGER,
    key_id       TEXT,
    headers      TEXT,
    extras       TEXT,
    reason       TEXT,
    output       BLOB,
    body         BLOB                 -- NULL: it is large and stands in bus_bodies
) STRICT;

-- The order of claims. Rows that do not wait for a worker are not in it, so neither scheduled nor
-- ended jobs make a claim dearer.
CREATE INDEX bus_jobs_ready ON bus_jobs (queue, rank, run_at) WHERE state = 0;
-- What waits for its time; the further columns let counting stay within the index.
CREATE INDEX bus_jobs_due ON bus_jobs (run_at, queue, state) WHERE state IN (1, 3);
CREATE INDEX bus_jobs_running ON bus_jobs (worker, queue) WHERE state = 2;
CREATE INDEX bus_jobs_asked ON bus_jobs (worker) WHERE state = 2 AND cancel = 1;
CREATE INDEX bus_jobs_ended ON bus_jobs (keep_until, queue, state) WHERE state >= 4;

-- Large payloads stand apart: a row that changes its state is written anew as a whole.
CREATE TABLE bus_bodies (
    job  INTEGER PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;

CREATE TABLE bus_failures (
    job     INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    failure TEXT NOT NULL,
    PRIMARY KEY (job, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE bus_workers (
    id         BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    info       TEXT NOT NULL
) STRICT, WITHOUT ROWID;
