//! A worker that is stopped for longer than its lease and then goes on: what it did meanwhile is
//! not its any more.
use super::audit::{all_over, audit, rows};
use super::crew::{Hand, Hold, Told, Work, id};
use super::place::Place;
use bus::driver::JobFilter;
use bus::id::JobId;
use bus::job::JobState;
use bus::prelude::*;
use bus_tests::{Child, until};
use std::collections::HashSet;
use std::time::Duration;

const HOLDS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_heeds_no_worker_that_woke_too_late() {
    heeds_no_late_worker(&Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_heeds_no_worker_that_woke_too_late() {
    heeds_no_late_worker(&Place::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_heeds_no_worker_that_woke_too_late() {
    heeds_no_late_worker(&Place::redis()).await;
}

fn hand(place: &Place) -> Hand {
    Hand {
        url: place.url(),
        lease: Duration::from_secs(1),
        slots: HOLDS + 1,
        seed: None,
    }
}

/// What is in the hands of a worker that was stopped.
#[derive(Debug)]
struct Caught {
    /// Under way.
    held: HashSet<JobId>,
    /// Executed, and the store does not know.
    finished: HashSet<JobId>,
    /// Taken, not begun.
    ahead: HashSet<JobId>,
}

/// Stops a worker while it has jobs of all three kinds.
async fn catch(place: &Place, bus: &Bus, worker: &Child) -> Caught {
    until(
        "a worker is stopped with all kinds in its hands",
        async || {
            worker.stop();
            match hands_of(place, bus, worker).await {
                Ok(caught) => Ok(caught),
                Err(other) => {
                    worker.go_on();
                    Err(other)
                }
            }
        },
    )
    .await
}

async fn hands_of(place: &Place, bus: &Bus, worker: &Child) -> Result<Caught, String> {
    // What it had sent before is still being done.
    let mut running = in_hands(bus).await;
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let again = in_hands(bus).await;
        if again == running {
            break;
        }
        running = again;
    }
    if let Place::Sqlite(file) = place {
        // Stopped within a commit it would keep everybody from the file. Only now, as its threads
        // end what they asked of the kernel before they stop.
        let probe = rusqlite::Connection::open(file.path()).unwrap();
        probe.busy_timeout(Duration::from_millis(1)).unwrap();
        probe
            .execute_batch("begin immediate; rollback")
            .map_err(|error| error.to_string())?;
    }
    let said = worker.said().heard();
    let heard = |word: &str| -> HashSet<JobId> {
        let lines = said.iter().filter_map(|line| line.strip_prefix(word));
        lines
            .map(|rest| id(rest.split(' ').next().unwrap()))
            .collect()
    };
    let held = heard("h ");
    let finished: HashSet<_> = running.intersection(&heard("x ")).copied().collect();
    let ahead = running
        .difference(&held)
        .filter(|job| !finished.contains(job));
    // One of them is perhaps under way.
    let caught = Caught {
        ahead: ahead.copied().collect(),
        held,
        finished,
    };
    match caught.held.is_subset(&running) && !caught.finished.is_empty() && caught.ahead.len() > 1 {
        true => Ok(caught),
        false => Err(format!("{caught:?}")),
    }
}

/// The running jobs.
async fn in_hands(bus: &Bus) -> HashSet<JobId> {
    let jobs = bus.jobs().await.unwrap();
    let page = bus::driver::Page {
        limit: bus::driver::MAX_BATCH,
        ..Default::default()
    };
    let filter = JobFilter::state(JobState::Running);
    let found = jobs.list(&filter, page).await.unwrap();
    found.jobs.iter().map(|job| job.id).collect()
}

/// How many outcomes of the worker came too late.
async fn lease_lost(worker: &mut Child) -> usize {
    let is_answer = |line: &&String| line.starts_with("s ");
    let before = worker.said().heard().iter().filter(is_answer).count();
    worker.tell("stats");
    let said = worker.said().eventually("its stats", |said| {
        said.iter().filter(is_answer).count() > before
    });
    let said = said.await;
    let last = said.iter().rev().find(is_answer).unwrap();
    last.rsplit(' ').next().unwrap().parse().unwrap()
}

async fn heeds_no_late_worker(place: &Place) {
    let bus = place.bus().await;
    let mut first = hand(place).start();
    first.said().count(1).await;
    let holds = bus.dispatch_all((0..HOLDS).map(|_| Hold)).await.unwrap();
    first.said().count(1 + HOLDS).await;
    let slow = || Work {
        takes: 1,
        ..Work::quick()
    };
    let works = bus.dispatch_all((0..3_000).map(|_| slow())).await.unwrap();
    let caught = catch(place, &bus, &first).await;
    assert_eq!(caught.held, holds.iter().map(bus::Ticket::id).collect());

    let mut second = hand(place).start();
    second.tell("open");
    all_over(&bus).await;
    let before = rows(&bus).await;
    for row in before.iter().filter(|row| caught.held.contains(&row.id)) {
        assert_eq!((row.deliveries, row.failures.len()), (2, 1), "{row:?}");
    }
    first.tell("open");
    first.go_on();
    let late = caught.held.len() + caught.finished.len();
    until("late outcomes are counted", async || {
        let lost = lease_lost(&mut first).await;
        if lost >= late {
            Ok(())
        } else {
            Err(format!("{lost} of {late}"))
        }
    })
    .await;
    assert!(
        rows(&bus).await == before,
        "a late outcome changed something"
    );

    // It goes on working, alone now.
    second.tell("end");
    let mut told = Told::default();
    let (status, said) = second.ended();
    assert!(status.success(), "{status}");
    told.hear(&said);
    let more = bus
        .dispatch_all((0..20).map(|_| Work::quick()))
        .await
        .unwrap();
    all_over(&bus).await;
    let lost = lease_lost(&mut first).await;
    first.tell("end");
    let (status, said) = first.ended();
    assert!(status.success(), "{status}");
    let mut own = Told::default();
    own.hear(&said);
    assert!(
        more.iter()
            .all(|ticket| own.executed.contains_key(&ticket.id()))
    );
    told.hear(&said);
    told.stored.extend(holds.iter().map(bus::Ticket::id));
    told.stored
        .extend(works.iter().chain(&more).map(bus::Ticket::id));
    let rows = audit(&bus, &told).await;
    assert!(rows.len() == before.len() + more.len());
    // Each execution of the first worker counted, or came too late and was counted as that.
    let counts = |job: &JobId| {
        let row = rows.iter().find(|row| row.id == *job).unwrap();
        own.executed[job].contains(&row.deliveries)
    };
    let vain = own.executed.keys().filter(|job| !counts(job)).count();
    assert!(
        vain >= late && lost >= vain,
        "{lost} lost, {vain} in vain, {late} late"
    );
    let begun = own
        .executed
        .keys()
        .filter(|job| caught.ahead.contains(job))
        .count();
    told.report(&format!(
        "held {HOLDS}, finished {}, ahead {}, of which it ran {begun} too late; {lost} lost",
        caught.finished.len(),
        caught.ahead.len(),
    ));
}
