//! Raw SQLite: one connection in one thread, prepared statements, the write-ahead log.
use super::super::place::Place;
use super::super::report::Report;
use super::{BATCHES, calls, named, payload};
use bus::BoxError;
use rusqlite::{Connection, params};
use std::time::{Duration, Instant};

/// What was measured, by name.
type Figures = Vec<(String, f64)>;

pub(super) async fn raw(
    place: &Place,
    jobs: u64,
    time: Duration,
    report: &mut Report,
) -> Result<(), BoxError> {
    let (file, full) = (place.space(), place.waits_for_disk());
    let measure = move || measured(&file, full, jobs, time);
    for (name, rate) in tokio::task::spawn_blocking(measure).await?? {
        report.add(name.as_str(), "jobs/s", rate);
        if name.starts_with("raw delete") {
            report.ratio(&format!("drain ÷ {name}"), "drain", &name);
        }
    }
    report.ratio(
        "bulk 1 000 ÷ raw insert",
        "bulk 1 000",
        "raw insert, 1 000 a commit",
    );
    Ok(())
}

fn measured(file: &str, full: bool, jobs: u64, time: Duration) -> Result<Figures, BoxError> {
    let mut connection = open(file, full)?;
    let begun = Instant::now();
    let mut single = 0;
    while begun.elapsed() < time {
        insert(&mut connection, single..single + 1)?;
        single += 1;
    }
    let mut figures = vec![(
        "raw insert, 1 a commit".to_owned(),
        single as f64 / begun.elapsed().as_secs_f64(),
    )];
    for batch in BATCHES {
        connection.execute("DELETE FROM raw", ())?;
        let begun = Instant::now();
        for numbers in calls(jobs, batch) {
            insert(&mut connection, numbers)?;
        }
        let rate = jobs as f64 / begun.elapsed().as_secs_f64();
        figures.push((format!("raw insert, {} a commit", named(batch)), rate));
        let begun = Instant::now();
        let drained = drain(&mut connection, batch)?;
        if drained != jobs {
            return Err(format!("the raw loop took {drained} of {jobs} jobs").into());
        }
        let rate = jobs as f64 / begun.elapsed().as_secs_f64();
        figures.push((format!("raw delete with claim, {}", named(batch)), rate));
    }
    Ok(figures)
}

fn open(file: &str, full: bool) -> Result<Connection, BoxError> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", if full { "FULL" } else { "NORMAL" })?;
    connection.execute_batch(
        "CREATE TABLE raw (id INTEGER PRIMARY KEY, queue INTEGER NOT NULL, rank INTEGER NOT NULL, \
             run_at INTEGER NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL, \
             payload BLOB NOT NULL) STRICT; \
         CREATE INDEX raw_ready ON raw (queue, rank, run_at, id) WHERE state = 0",
    )?;
    Ok(connection)
}

fn insert(connection: &mut Connection, numbers: std::ops::Range<u64>) -> Result<(), BoxError> {
    let transaction = connection.transaction()?;
    for number in numbers {
        let insert = "INSERT INTO raw (queue, rank, run_at, state, attempts, payload) \
             VALUES (1, 0, 0, 0, 0, ?1)";
        transaction
            .prepare_cached(insert)?
            .execute(params![payload(number)])?;
    }
    Ok(transaction.commit()?)
}

/// Takes and settles all: each commit deletes what the last took, and takes more.
fn drain(connection: &mut Connection, batch: u64) -> Result<u64, BoxError> {
    let claim = "UPDATE raw SET state = 1, attempts = attempts + 1 WHERE id IN \
         (SELECT id FROM raw WHERE state = 0 AND queue = 1 AND run_at <= 1 \
          ORDER BY rank, run_at, id LIMIT ?1) RETURNING id, payload";
    let (mut drained, mut taken) = (0, Vec::<i64>::new());
    loop {
        let transaction = connection.transaction()?;
        for id in taken.drain(..) {
            let delete = "DELETE FROM raw WHERE id = ?1 AND state = 1";
            transaction.prepare_cached(delete)?.execute([id])?;
        }
        let mut statement = transaction.prepare_cached(claim)?;
        let mut rows = statement.query([i64::try_from(batch)?])?;
        while let Some(row) = rows.next()? {
            let (id, payload): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
            drained += u64::from(!payload.is_empty());
            taken.push(id);
        }
        drop(rows);
        drop(statement);
        transaction.commit()?;
        if taken.is_empty() {
            return Ok(drained);
        }
    }
}
