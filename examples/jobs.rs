//! Jobs: what their declaration says, what a dispatch says beyond it, what a handler answers, and
//! what a ticket tells of the end.
//!
//! `cargo run --example jobs`
use bus::driver::Pushed;
use bus::id::JobId;
use bus::job::{JobFailed, JobState};
use bus::prelude::*;
use bus::{BoxError, CancellationToken, Error, JobInfo, WaitError};
use bus_examples::Folder;
use std::sync::Mutex;
use std::time::Duration;

/// A job with an output: who has its ticket can wait for it.
#[job(output = u64, queue = "sums", priority = 5, tags = ["maths"], retain = "1h")]
struct Sum {
    #[validate(length(min = 1))]
    numbers: Vec<u64>,
}

#[handler]
async fn sum(job: Sum) -> u64 {
    job.numbers.iter().sum()
}

#[derive(Debug, thiserror::Error)]
enum PayError {
    #[error("the bank does not answer")]
    Unreachable,
    #[error("the card is declined")]
    Declined,
}

/// Tried three times at most; a declined card only once. When it is given up, another job follows.
#[job(
    error = PayError,
    retries = 2,
    backoff = "list(10ms, 20ms)",
    no_retry(Declined),
    on_failure = Alert
)]
struct Pay {
    card: String,
}

#[handler]
async fn pay(job: Pay, info: JobInfo) -> Result<(), PayError> {
    match job.card.as_str() {
        "declined" => Err(PayError::Declined),
        _ if info.attempt < 3 => Err(PayError::Unreachable),
        _ => Ok(()),
    }
}

#[job]
struct Alert {
    text: String,
}

impl From<JobFailed> for Alert {
    fn from(failed: JobFailed) -> Self {
        let text = format!(
            "after {} attempt: {}",
            failed.attempts, failed.failure.message
        );
        Self { text }
    }
}

#[derive(Default)]
struct Alerts(Mutex<Vec<String>>);

#[handler]
fn alert(alert: Alert, alerts: &Alerts) {
    alerts.0.lock().expect("no handler panics").push(alert.text);
}

/// A handler that has more to say than success or failure.
#[job(output = u32)]
struct Poll;

#[handler]
async fn poll(_: Poll, info: JobInfo) -> Outcome<u32> {
    match info.deferrals {
        0..=1 => Outcome::defer(Duration::from_millis(10)).because("not there yet"),
        times => Outcome::done(times), // an attempt is not counted for any of them
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let folder = Folder::new("jobs")?;
    let bus = Bus::builder()
        .store(folder.store())
        .state(Alerts::default())
        .build()
        .await?;
    let stop = CancellationToken::new();
    let worker = tokio::spawn(bus.worker().stop_on(stop.clone()).run());

    let ticket = bus
        .dispatch(Sum {
            numbers: vec![1, 2, 3],
        })
        .await?;
    println!("{} is stored", ticket.id());
    assert_eq!(ticket.wait().await?, 6);

    // What breaks its rules is not stored.
    let none = bus.dispatch(Sum { numbers: vec![] }).await;
    assert!(matches!(none, Err(Error::Invalid(_))));

    // One write for many; each has a ticket.
    let many = (1..=500).map(|n| Sum {
        numbers: vec![n, n],
    });
    let tickets = bus.dispatch_all(many).await?;
    assert_eq!(tickets[499].wait().await?, 1_000);

    // A dispatch may say more. With an id of your own it can be repeated safely.
    let id = JobId::new();
    let later = || {
        let job = Sum { numbers: vec![4] }.delay(HOUR).on_queue("slow");
        job.priority(-5).tag("later").with_id(id)
    };
    let first = bus.dispatch(later()).await?;
    let second = bus.dispatch(later()).await?;
    assert_eq!(
        (first.pushed(), second.pushed()),
        (Pushed::Stored, Pushed::Duplicate(id))
    );
    let stored = first.status().await?.ok_or("it waits")?;
    println!(
        "{} is {} in `{}`, due {}",
        stored.id, stored.state, stored.queue, stored.run_at
    );
    assert_eq!(stored.state, JobState::Scheduled);

    // Here and now, behind the same rules, without the store.
    assert_eq!(bus.dispatch_now(Sum { numbers: vec![5] }).await?, 5);

    bus.dispatch(Pay {
        card: "busy".into(),
    })
    .await?
    .wait()
    .await?;
    match bus
        .dispatch(Pay {
            card: "declined".into(),
        })
        .await?
        .wait()
        .await
    {
        Err(WaitError::Dead { reason, .. }) => println!("dead: {reason}"),
        other => return Err(format!("{other:?}").into()),
    }
    assert_eq!(bus.dispatch(Poll).await?.wait().await?, 2);

    stop.cancel();
    worker.await??;
    let alerts = bus.state::<Alerts>().ok_or("it was given")?;
    let alerts = alerts.0.lock().expect("no handler panics");
    assert_eq!(*alerts, ["after 1 attempt: the card is declined"]);
    let stats = bus.stats();
    println!("{stats:?}");
    assert_eq!((stats.retried, stats.deferred, stats.dead), (2, 2, 1));
    Ok(())
}
