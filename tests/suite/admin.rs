//! What people do to stored jobs: look, repair, steer, tidy up.
use super::work::{beside, bus, bus_at, clock, drain, only, stored};
use bus::clock::Clock;
use bus::driver::{JobFilter, Order, Page, Selection};
use bus::id::{JobId, QueueName};
use bus::job::JobState;
use bus::prelude::*;
use bus_tests::Probe;
use std::sync::Arc;
use tokio::sync::Semaphore;

#[job(output = u32, retries = 1, backoff = "fixed(1m)", tags = ["odd jobs"])]
struct Odd(u32);

#[handler]
async fn odd(job: Odd, repaired: Option<&Repaired>) -> Result<u32, String> {
    match job.0 % 2 {
        0 if repaired.is_none() => Err(format!("{} is even", job.0)),
        _ => Ok(job.0),
    }
}

/// The program after a repair.
struct Repaired;

#[job]
struct Other;

#[handler]
async fn other(_: Other) {}

fn ids(jobs: &[bus::job::JobRecord]) -> Vec<JobId> {
    jobs.iter().map(|job| job.id).collect()
}

#[tokio::test]
async fn a_list_is_chosen_by_state_queue_name_and_tag_page_by_page() {
    let bus = bus().await;
    let tickets = bus.dispatch_all((1..=7).map(Odd)).await.unwrap();
    let own: Vec<JobId> = tickets.iter().map(bus::Ticket::id).collect();
    let slow = bus.dispatch(Other.on_queue("slow").tag("vip")).await;
    let slow = slow.unwrap().id();
    let late = bus.dispatch(Other.delay(HOUR)).await.unwrap().id();
    let jobs = bus.jobs().await.unwrap();
    let list = async |filter: JobFilter| {
        let page = Page {
            order: Order::OldestFirst,
            ..Page::default()
        };
        ids(&jobs.list(&filter, page).await.unwrap().jobs)
    };
    let all = JobFilter::default;
    assert_eq!(list(JobFilter::state(JobState::Scheduled)).await, [late]);
    let queue = Some(QueueName::new("slow").unwrap());
    assert_eq!(list(JobFilter { queue, ..all() }).await, [slow]);
    let name = Some(<Odd as Command>::DESCRIPTOR.name.to_owned());
    assert_eq!(list(JobFilter { name, ..all() }).await, own);
    let tag = Some("vip".to_owned());
    assert_eq!(list(JobFilter { tag, ..all() }).await, [slow]);
    let tag = Some("odd jobs".to_owned());
    let both = JobFilter {
        tag,
        ..JobFilter::state(JobState::Dead)
    };
    assert_eq!(list(both).await, []);

    let (mut seen, mut page) = (
        Vec::new(),
        Page {
            limit: 4,
            ..Page::default()
        },
    );
    loop {
        let part = jobs.list(&all(), page).await.unwrap();
        assert!(part.jobs.len() <= 4);
        seen.extend(ids(&part.jobs));
        match part.next {
            Some(after) => page.after = Some(after),
            None => break,
        }
    }
    let mut expected = own;
    expected.extend([slow, late]);
    expected.reverse();
    assert_eq!(seen, expected, "the newest first, each once");
}

#[tokio::test]
async fn the_history_tells_of_each_attempt_and_a_retry_keeps_it() {
    let clock = clock();
    let bus = bus_at(&clock).await;
    let ticket = bus.dispatch(Odd(2)).await.unwrap();
    drain(&bus).await;
    clock.advance(MINUTE);
    drain(&bus).await;
    let jobs = bus.jobs().await.unwrap();
    let dead = jobs.get(ticket.id()).await.unwrap().unwrap();
    assert_eq!((dead.state, dead.attempts), (JobState::Dead, 2));
    assert_eq!(dead.reason.as_deref(), Some("2 is even"));
    assert_eq!(dead.ended_at, Some(clock.now()));
    let told: Vec<_> = dead.failures.iter().map(ToString::to_string).collect();
    let expected = ["attempt 1: error: 2 is even", "attempt 2: error: 2 is even"];
    assert_eq!(told, expected);
    let workers: Vec<_> = dead.failures.iter().map(|failure| failure.worker).collect();
    assert!(workers[0].is_some() && workers[0] != workers[1]);

    let one = Selection::Ids(vec![ticket.id(), JobId::new()]);
    assert_eq!(
        jobs.retry(&one).await.unwrap(),
        1,
        "unknown ones are passed over"
    );
    let again = only(&bus).await;
    assert_eq!((again.state, again.attempts), (JobState::Available, 0));
    assert_eq!((again.failures.len(), again.reason), (2, None));
    assert_eq!(jobs.get(JobId::new()).await.unwrap(), None);
}

#[tokio::test]
async fn dead_letters_are_retried_by_filter_after_a_repair() {
    let (clock, driver) = (clock(), Arc::new(bus::drivers::MemoryDriver::new()));
    let builder = || {
        let builder = Bus::builder().partial().clock(clock.clone());
        builder.driver(Arc::clone(&driver) as Arc<dyn bus::driver::Driver>)
    };
    let bus = builder().build().await.unwrap();
    let tickets = bus.dispatch_all((1..=6).map(Odd)).await.unwrap();
    drain(&bus).await;
    clock.advance(MINUTE);
    drain(&bus).await;
    let jobs = bus.jobs().await.unwrap();
    let counts = jobs.queue_counts(&QueueName::DEFAULT).await.unwrap();
    let count = |state| counts.get(state);
    assert_eq!((count(JobState::Dead), count(JobState::Completed)), (3, 3));
    assert_eq!(jobs.counts().await.unwrap(), [counts]);

    let bus = builder().state(Repaired).build().await.unwrap();
    let dead = Selection::Fitting(JobFilter::state(JobState::Dead));
    assert_eq!(jobs.retry(&dead).await.unwrap(), 3);
    assert_eq!(jobs.retry(&dead).await.unwrap(), 0);
    drain(&bus).await;
    for (number, ticket) in (1..).zip(tickets) {
        assert_eq!(ticket.wait().await.unwrap(), number);
    }
}

#[tokio::test]
async fn what_waits_is_cancelled_or_deleted_by_filter() {
    let bus = bus().await;
    bus.dispatch_all((0..3).map(|_| Other.tag("a")))
        .await
        .unwrap();
    bus.dispatch_all((0..2).map(|_| Other.tag("b")))
        .await
        .unwrap();
    let jobs = bus.jobs().await.unwrap();
    let tagged = |tag: &str| {
        let tag = Some(tag.to_owned());
        Selection::Fitting(JobFilter {
            tag,
            ..JobFilter::default()
        })
    };
    let count = jobs.cancel(&tagged("a"), "the fair is over").await.unwrap();
    assert_eq!((count.cancelled, count.requested), (3, 0));
    let again = jobs.cancel(&tagged("a"), "again").await.unwrap();
    assert_eq!(again.cancelled, 0);
    assert_eq!(jobs.delete(&tagged("b")).await.unwrap(), 2);
    let left = stored(&bus).await;
    assert_eq!(left.len(), 3);
    for job in left {
        assert_eq!(job.state, JobState::Cancelled);
        assert_eq!(job.reason.as_deref(), Some("the fair is over"));
    }
}

#[job]
struct Hold;

#[handler]
async fn hold(_: Hold, gate: &Semaphore, probe: &Probe<()>) {
    probe.tell(());
    gate.acquire().await.unwrap().forget();
}

#[tokio::test]
async fn what_runs_is_shown_with_its_worker_and_not_deleted() {
    let (gate, probe) = (Arc::new(Semaphore::new(0)), Probe::<()>::new());
    let builder = Bus::builder().partial().store("memory:");
    let builder = builder.state_arc(Arc::clone(&gate)).state(probe.clone());
    let bus = builder.build().await.unwrap();
    let health = bus.health().await;
    assert!(health.is_ok() && health.workers.is_empty(), "{health:?}");
    let worker = beside(bus.worker().queues([("default", 1)]).concurrency(7));
    let ticket = bus.dispatch(Hold).await.unwrap();
    probe.count(1).await;
    let jobs = bus.jobs().await.unwrap();
    let one = Selection::Ids(vec![ticket.id()]);
    assert_eq!(jobs.delete(&one).await.unwrap(), 0);
    let workers = jobs.workers().await.unwrap();
    assert_eq!((workers.len(), workers[0].slots), (1, 7));
    assert_eq!(workers[0].pid, std::process::id());
    assert_eq!(only(&bus).await.worker, Some(workers[0].id));
    let health = bus.health().await;
    assert!(health.is_ok(), "{health:?}");
    let seen = &health.workers[0];
    assert_eq!(
        (seen.id, seen.alive, seen.running),
        (workers[0].id, true, 1)
    );
    gate.add_permits(1);
    ticket.wait().await.unwrap();
    worker.end().await;
    assert_eq!(bus.stats().completed, 1);
}

#[tokio::test]
async fn a_pause_is_shown_with_its_reason_and_made_once() {
    let clock = clock();
    let bus = bus_at(&clock).await;
    let jobs = bus.jobs().await.unwrap();
    let slow = QueueName::new("slow").unwrap();
    assert!(jobs.pause(&slow, Some("the printer burns")).await.unwrap());
    assert!(!jobs.pause(&slow, Some("again")).await.unwrap());
    let queues = jobs.queues().await.unwrap();
    let pause = queues[0].paused.as_ref().unwrap();
    assert_eq!(pause.reason.as_deref(), Some("the printer burns"));
    assert_eq!((queues.len(), pause.since), (1, clock.now()));
    assert!(jobs.resume(&slow).await.unwrap());
    assert!(!jobs.resume(&slow).await.unwrap());
}

#[job(output = u32, retain = "1h")]
struct Keep(u32);

#[handler]
async fn keep(job: Keep) -> u32 {
    job.0
}

#[tokio::test]
async fn what_ended_is_kept_as_long_as_said_and_then_pruned() {
    let clock = clock();
    let bus = bus_at(&clock).await;
    let declared = bus.dispatch(Keep(1)).await.unwrap();
    let longer = bus.dispatch(Keep(2).retain(DAY)).await.unwrap();
    let cancelled = bus.dispatch(Other.delay(DAY)).await.unwrap();
    let dead = bus.dispatch(Odd(2).retries(0)).await.unwrap();
    let jobs = bus.jobs().await.unwrap();
    let one = Selection::Ids(vec![cancelled.id()]);
    jobs.cancel(&one, "not wanted").await.unwrap();
    drain(&bus).await;
    let passed = [
        (HOUR - SECOND, 4),
        (SECOND, 3),
        (DAY - HOUR, 2),
        (7 * DAY, 1),
        (900 * DAY, 1),
    ];
    for (time, left) in passed {
        clock.advance(time);
        jobs.prune().await.unwrap();
        assert_eq!(stored(&bus).await.len(), left, "{time:?} later");
    }
    assert_eq!(
        only(&bus).await.id,
        dead.id(),
        "a dead letter waits for a person"
    );
    assert!(declared.status().await.unwrap().is_none());
    assert!(longer.status().await.unwrap().is_none());
}
