//! What a person does to stored jobs: list, look at the history, retry dead letters, cancel,
//! pause, tidy up.
//!
//! `cargo run --example inspect`
use bus::driver::{JobFilter, Page, Selection};
use bus::id::QueueName;
use bus::job::JobState;
use bus::prelude::*;
use bus::{BoxError, CancellationToken, WaitError};
use bus_examples::Folder;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

#[job(queue = "emails", retries = 1, backoff = "fixed(1ms)", tags = ["mail"])]
struct Mail {
    to: String,
}

/// Whether the mail server is up.
#[derive(Default)]
struct Up(AtomicBool);

#[handler]
async fn mail(mail: Mail, up: &Up) -> Result<(), BoxError> {
    match up.0.load(Ordering::SeqCst) {
        true => Ok(()),
        false => Err(format!("no connection for {}", mail.to).into()),
    }
}

/// Runs until somebody ends it.
#[job]
struct Watch;

#[handler]
async fn watch(_: Watch, cx: &Context, begun: &Notify) -> Outcome<()> {
    begun.notify_one();
    cx.cancelled().await;
    Outcome::cancel("seen enough") // without a word here it would be completed
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let folder = Folder::new("inspect")?;
    let builder = Bus::builder().store(folder.store()).state(Up::default());
    let bus = builder.state(Notify::new()).build().await?;
    let jobs = bus.jobs().await?;
    let emails = QueueName::new("emails")?;

    // A queue that is paused takes jobs, and none is run.
    jobs.pause(&emails, Some("the provider moves house"))
        .await?;
    let people = ["ann", "bob", "carol"].map(|to| Mail { to: to.into() });
    let tickets = bus.dispatch_all(people).await?;
    bus.worker().until_empty().run().await?;
    let waiting = jobs.queue_counts(&emails).await?.get(JobState::Available);
    println!("{waiting} wait: {:?}", jobs.queues().await?[0].paused);
    assert_eq!(waiting, 3);
    jobs.resume(&emails).await?;

    // One is not wanted any more.
    let carol = Selection::Ids(vec![tickets[2].id()]);
    assert_eq!(jobs.cancel(&carol, "she has left").await?.cancelled, 1);

    // The others fail, twice each, and are kept for a person.
    let stop = CancellationToken::new();
    let worker = tokio::spawn(bus.worker().stop_on(stop.clone()).run());
    for ticket in &tickets[..2] {
        let dead = ticket.wait().await.expect_err("the server is down");
        assert!(matches!(dead, WaitError::Dead { .. }));
    }
    let dead = JobFilter {
        queue: Some(emails.clone()),
        tag: Some("mail".into()),
        ..JobFilter::state(JobState::Dead)
    };
    for job in jobs.list(&dead, Page::default()).await?.jobs {
        println!(
            "{} {} is dead: {}",
            job.envelope.name,
            job.id,
            job.reason.unwrap_or_default()
        );
        for failure in &job.failures {
            println!("    {failure}");
        }
        assert_eq!(job.failures.len(), 2);
    }

    // After the repair: all of them once more, with fresh attempts.
    bus.state::<Up>()
        .ok_or("it was given")?
        .0
        .store(true, Ordering::SeqCst);
    let retried = jobs.retry(&Selection::Fitting(dead)).await?;
    println!("{retried} are tried again");
    for ticket in &tickets[..2] {
        ticket.wait().await?;
    }

    // A job that runs is asked to end; its handler learns it from its context.
    let watch = bus.dispatch(Watch).await?;
    bus.state::<Notify>()
        .ok_or("it was given")?
        .notified()
        .await;
    let running = Selection::Fitting(JobFilter::state(JobState::Running));
    assert_eq!(jobs.cancel(&running, "seen enough").await?.requested, 1);
    let ended = watch.wait().await.expect_err("it was cancelled");
    println!("{ended}");
    stop.cancel();
    worker.await??;

    // Cancelled ones are kept for a week; they can go at once.
    let cancelled = Selection::Fitting(JobFilter::state(JobState::Cancelled));
    assert_eq!(jobs.delete(&cancelled).await?, 2);
    assert_eq!(jobs.counts().await?, [], "nothing is left");
    Ok(())
}
