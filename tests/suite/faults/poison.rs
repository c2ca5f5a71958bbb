//! A job that ends the process that runs it: it ends dead, not in a loop, and others go on.
use super::audit::{counted, rows};
use super::crew::{Hand, Work};
use super::place::Place;
use bus::job::{FailureKind, JobFailed, JobState};
use bus::prelude::*;
use bus_tests::{Child, until};
use std::collections::HashMap;
use std::time::Duration;

#[job(name = "faults.poison", retries = 1, backoff = "fixed(1ms)", on_failure = Mourn)]
struct Poison;

#[handler]
async fn poison(_: Poison) {
    std::process::exit(7);
}

/// What is dispatched when it is dead.
#[job(name = "faults.mourn", output = String, retries = 1000, retain = "1h")]
struct Mourn(String);

impl From<JobFailed> for Mourn {
    fn from(failed: JobFailed) -> Self {
        Self(failed.failure.kind.to_string())
    }
}

#[handler]
async fn mourn(job: Mourn) -> String {
    job.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_buries_a_job_that_kills_its_workers() {
    is_buried(&Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_buries_a_job_that_kills_its_workers() {
    is_buried(&Place::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_buries_a_job_that_kills_its_workers() {
    is_buried(&Place::redis()).await;
}

async fn is_buried(place: &Place) {
    let bus = place.bus().await;
    let hire = || {
        let (url, lease) = (place.url(), Duration::from_secs(1));
        Hand {
            url,
            lease,
            slots: 4,
            seed: None,
        }
        .start()
    };
    let ticket = bus.dispatch(Poison).await.unwrap();
    bus.dispatch_all((0..20).map(|_| Work::quick()))
        .await
        .unwrap();
    let mut worker: Child = hire();
    let mut deaths = 0;
    until("it is dead and all else is done", async || {
        if let Some(status) = worker.has_ended() {
            assert_eq!(status.code(), Some(7));
            deaths += 1;
            worker = hire();
        }
        let counts = counted(&bus).await?;
        let wanted = HashMap::from([(JobState::Completed, 21), (JobState::Dead, 1)]);
        if counts == wanted {
            Ok(())
        } else {
            Err(format!("{counts:?}"))
        }
    })
    .await;
    assert_eq!(deaths, 3);
    let rows = rows(&bus).await;
    let dead = rows.iter().find(|row| row.id == ticket.id()).unwrap();
    let kinds: Vec<_> = dead.failures.iter().map(|failure| failure.kind).collect();
    assert_eq!(
        (dead.attempts, &kinds[..]),
        (3, &[FailureKind::Lost; 3][..]),
        "{dead:?}"
    );
    let mourned = rows
        .iter()
        .find(|row| row.envelope.name.as_str() == "faults.mourn");
    assert_eq!(mourned.unwrap().output.as_deref(), Some(&b"\"lost\""[..]));
}
