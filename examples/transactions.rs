//! Jobs and the program's own data in one file, in one transaction: a job is stored if and only if
//! the data is, and a handler's work is done exactly once, whatever crashes.
//!
//! `cargo run --example transactions`
use bus::job::JobState;
use bus::prelude::*;
use bus::rusqlite::{Connection, TransactionBehavior};
use bus::{BoxError, JobInfo, Sqlite, Tx};
use bus_examples::Folder;

/// Books an order: its effects and its completion are one commit.
#[job(output = i64, retries = 2, backoff = "fixed(10ms)")]
struct Book {
    order: i64,
}

/// A plain function, as SQLite's calls block.
#[handler]
fn book(job: Book, tx: Tx<Sqlite>, info: JobInfo) -> Result<i64, BoxError> {
    let total = {
        let db = tx.connection()?;
        db.execute("update account set total = total + 10", ())?;
        db.query_row("select total from account", (), |row| row.get(0))?
    };
    // Stored by the same commit: never for an attempt that failed.
    SendReceipt { order: job.order }.dispatch_after_commit(&tx)?;
    match info.attempt {
        1 => Err("the power fails before the commit".into()), // all is rolled back
        _ => Ok(total),
    }
}

#[job(output = i64, retain = "1h")]
struct SendReceipt {
    order: i64,
}

#[handler]
async fn send_receipt(job: SendReceipt) -> i64 {
    job.order
}

/// Stores an order and the job that books it: both or neither.
async fn place(bus: &Bus, db: &mut Connection, order: i64, fail: bool) -> Result<(), BoxError> {
    let mut tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute("insert into orders values (?1)", [order])?;
    let promised = bus.scope(Book { order }.dispatch_in(&mut tx)).await?;
    if fail {
        return Err("no such customer".into()); // the transaction is dropped: rolled back
    }
    tx.commit()?;
    promised.committed(); // wakes a worker at once
    Ok(())
}

/// The same where the data is in another database than the jobs: a hook of this process.
async fn place_elsewhere(bus: &Bus, db: &mut Connection, order: i64) -> Result<(), BoxError> {
    let tx = bus.after_commit(db.transaction()?);
    tx.execute("insert into orders values (?1)", [order])?;
    SendReceipt { order }.dispatch_after_commit(&tx)?;
    // A crash between the commit and the storing loses the job; a store that fails says so.
    tx.commit().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let folder = Folder::new("transactions")?;
    let bus = Bus::connect(folder.store()).await?;
    let mut db = Connection::open(folder.file("jobs.db"))?;
    db.execute_batch(
        "create table orders (number integer);
         create table account (total integer);
         insert into account values (0)",
    )?;

    place(&bus, &mut db, 1, false).await?;
    place(&bus, &mut db, 2, true).await.expect_err("refused");
    let jobs = bus.jobs().await?;
    let stored = jobs
        .list(&Default::default(), Default::default())
        .await?
        .jobs;
    let orders: i64 = db.query_row("select count(*) from orders", (), |row| row.get(0))?;
    assert_eq!((stored.len(), orders), (1, 1), "one order, one job");

    let ticket = bus.ticket::<Book>(stored[0].id).await?;
    let worker = bus.worker();
    let worker = tokio::spawn(async move { worker.max_jobs(3).run().await });
    println!("the account has {}", ticket.wait().await?);
    worker.await??;
    let total: i64 = db.query_row("select total from account", (), |row| row.get(0))?;
    assert_eq!(total, 10, "the failed attempt left nothing");
    let receipts = || async {
        let all = jobs
            .list(&Default::default(), Default::default())
            .await?
            .jobs;
        let name = <SendReceipt as Command>::DESCRIPTOR.name;
        let receipts = all.iter().filter(|job| job.envelope.name.as_str() == name);
        Ok::<_, BoxError>(
            receipts
                .filter(|job| job.state == JobState::Completed)
                .count(),
        )
    };
    assert_eq!(receipts().await?, 1);

    let mut elsewhere = Connection::open(folder.file("orders.db"))?;
    elsewhere.execute_batch("create table orders (number integer)")?;
    place_elsewhere(&bus, &mut elsewhere, 3).await?;
    bus.worker().until_empty().run().await?;
    assert_eq!(receipts().await?, 2);
    println!("each effect once");
    Ok(())
}
