//! The main job: reads orders from a file, places each by a command that is answered at once, and
//! leaves the receipts to jobs: stored in a file, run by a worker, tried again after a failure,
//! not lost when the worker stops.
//!
//! `cargo run --example quickstart [FILE]`
use bus::driver::JobFilter;
use bus::id::JobId;
use bus::job::JobState;
use bus::prelude::*;
use bus::{BoxError, CancellationToken, Error, JobInfo};
use bus_examples::Folder;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

const ORDERS: &str = include_str!("data/orders.csv");

/// Takes goods off the shelf; answers what is left, and which job sends the receipt.
#[command(output = (u32, JobId), error = ShopError)]
struct PlaceOrder {
    #[sanitize(trim, lowercase)]
    #[validate(length(min = 1))]
    sku: String,
    #[validate(range(min = 1, max = 100))]
    quantity: u32,
    #[sanitize(trim, lowercase)]
    #[validate(email)]
    email: String,
}

/// Why the shop could not do it.
#[derive(Debug, thiserror::Error)]
enum ShopError {
    #[error("only {left} of `{sku}` left")]
    OutOfStock { sku: String, left: u32 },
    #[error("no receipt can be sent")]
    Receipt(#[from] Error),
}

/// Sends a receipt: stored when it is dispatched, run by a worker, tried again if that fails.
#[job(
    queue = "emails",
    retries = 3,
    backoff = "fixed(200ms)",
    timeout = "10s"
)]
struct SendReceipt {
    email: String,
    text: String,
}

/// Counts the goods; takes a while.
#[job]
struct TakeStock;

/// State: handlers take it as `&Shelf` and `&Mailer`.
struct Shelf(Mutex<HashMap<String, u32>>);

#[derive(Default)]
struct Mailer {
    warm: AtomicBool,
    sent: Mutex<Vec<String>>,
}

#[handler]
async fn place_order(order: PlaceOrder, shelf: &Shelf) -> Result<(u32, JobId), ShopError> {
    let PlaceOrder {
        sku,
        quantity,
        email,
    } = order;
    let left = {
        let mut goods = shelf.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = goods.get(&sku).copied().unwrap_or(0);
        if left < quantity {
            return Err(ShopError::OutOfStock { sku, left });
        }
        goods.insert(sku.clone(), left - quantity);
        left - quantity
    };
    let text = format!("{quantity} x {sku}");
    let ticket = bus::dispatch(SendReceipt { email, text }).await?;
    Ok((left, ticket.id()))
}

#[handler]
async fn send_receipt(job: SendReceipt, mailer: &Mailer, info: JobInfo) -> Result<(), BoxError> {
    // The first mail of the day finds the mail server asleep.
    if !mailer.warm.swap(true, Ordering::Relaxed) {
        println!(
            "    worker: attempt {} fails, the job is stored for later",
            info.attempt
        );
        return Err("the mail server does not answer".into());
    }
    println!(
        "    worker: to {}: {} (attempt {})",
        job.email, job.text, info.attempt
    );
    let mut sent = mailer.sent.lock().unwrap_or_else(PoisonError::into_inner);
    sent.push(job.email);
    Ok(())
}

#[handler]
async fn take_stock(_: TakeStock, begun: &Notify) {
    begun.notify_one();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    println!("    worker: the goods are counted");
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let text = match std::env::args().nth(1) {
        Some(file) => std::fs::read_to_string(file)?,
        None => ORDERS.to_owned(),
    };
    let folder = Folder::new("quickstart")?;
    let shelf = HashMap::from([("tea".to_owned(), 5), ("cup".to_owned(), 3)]);
    let bus = Bus::builder()
        .store(folder.store())
        .state(Shelf(Mutex::new(shelf)))
        .state(Mailer::default())
        .state(Notify::new())
        .build()
        .await?;
    bus.install()?;
    println!("what is linked into this program:\n{}", bus::registry());

    let (receipts, lines) = place_orders(&text).await?;
    let jobs = bus.jobs().await?;
    let waiting = jobs
        .list(&JobFilter::state(JobState::Available), Default::default())
        .await?;
    println!(
        "{} of {lines} orders placed, {} receipts wait",
        receipts.len(),
        waiting.jobs.len()
    );
    assert_eq!(
        waiting.jobs.len(),
        receipts.len(),
        "what was refused never reached the queue"
    );

    // A worker of this program; it could be another one, on the same file.
    let stop = CancellationToken::new();
    let worker = bus
        .worker()
        .queues([("emails", 3), ("default", 1)])
        .concurrency(8);
    let worker = tokio::spawn(worker.stop_on(stop.clone()).run());
    for id in &receipts {
        bus.ticket::<SendReceipt>(*id).await?.wait().await?;
    }

    // It is asked to stop while it works: what runs is finished, what waits stays stored.
    bus::dispatch(TakeStock).await?;
    bus::dispatch(TakeStock.delay(HOUR)).await?;
    bus.state::<Notify>()
        .ok_or("it was given")?
        .notified()
        .await;
    println!("stop!");
    stop.cancel();
    worker.await??;

    let (stats, left) = (bus.stats(), jobs.counts().await?);
    println!(
        "{} completed, {} retried; left for another day:",
        stats.completed, stats.retried
    );
    for queue in &left {
        println!(
            "    {}: {} scheduled",
            queue.queue,
            queue.get(JobState::Scheduled)
        );
    }
    assert_eq!((left.len(), left[0].get(JobState::Scheduled)), (1, 1));
    if std::env::args().len() == 1 {
        assert_eq!((receipts.len(), stats.completed, stats.retried), (3, 4, 1));
        let mailer = bus.state::<Mailer>().ok_or("it was given")?;
        let sent = mailer.sent.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(sent.len(), 3, "each receipt went out once");
    }
    Ok(())
}

/// Places an order for each line; gives the receipts' jobs, and how many lines there were.
async fn place_orders(text: &str) -> Result<(Vec<JobId>, usize), BoxError> {
    let (mut receipts, mut lines) = (Vec::new(), 0);
    for line in text.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        lines += 1;
        println!("{line}");
        let [sku, quantity, email] = line.split(',').collect::<Vec<_>>()[..] else {
            println!("  not an order: expected sku,quantity,email");
            continue;
        };
        let order = PlaceOrder {
            sku: sku.into(),
            quantity: quantity.trim().parse().unwrap_or(0),
            email: email.into(),
        };
        // Every reason can be matched; `Display` says of which command and why not.
        match bus::dispatch(order).await {
            Ok((left, receipt)) => {
                println!("  placed, {left} left");
                receipts.push(receipt);
            }
            Err(Error::Invalid(invalid)) => {
                for (path, error) in invalid.fields() {
                    println!("  `{path}` breaks its rule `{}`", error.code);
                }
            }
            Err(error) => println!("  refused: {error}"),
        }
    }
    Ok((receipts, lines))
}
