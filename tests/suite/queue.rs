//! Storing jobs: what gets in and as what, what travels along, what a ticket tells.
use super::work::{beside, bus, bus_at, clock, drain, only, stored};
use bus::clock::Clock;
use bus::driver::{Pushed, Selection};
use bus::id::JobId;
use bus::job::{JobState, Priority};
use bus::prelude::*;
use bus::{Baggage, Error, TraceContext, WaitError};
use bus_tests::Probe;
use serde::{Deserialize, Serialize};

#[job(output = String, queue = "greetings", priority = 3, tags = ["polite"])]
struct Greet {
    #[sanitize(trim)]
    #[validate(length(min = 1))]
    name: String,
}

#[handler]
async fn greet(job: Greet) -> String {
    format!("Hello, {}!", job.name)
}

fn to(name: &str) -> Greet {
    Greet { name: name.into() }
}

#[tokio::test]
async fn a_job_is_stored_clean_and_its_ticket_gives_the_output() {
    let bus = bus().await;
    let ticket = bus.dispatch(to("  Ann ")).await.unwrap();
    let stored = only(&bus).await;
    assert_eq!(stored.id, ticket.id());
    assert_eq!(stored.envelope.body, r#"{"name":"Ann"}"#);
    assert_eq!(stored.queue.as_str(), "greetings");
    assert_eq!(stored.priority, Priority::new(3).unwrap());
    assert_eq!(stored.extras.unwrap().tags, ["polite"]);
    drain(&bus).await;
    assert_eq!(ticket.wait().await.unwrap(), "Hello, Ann!");
    let again = bus.ticket::<Greet>(ticket.id()).await.unwrap();
    assert_eq!(
        again.wait().await.unwrap(),
        "Hello, Ann!",
        "it is kept a while"
    );
}

#[tokio::test]
async fn an_invalid_job_never_reaches_the_store() {
    let bus = bus().await;
    assert!(matches!(
        bus.dispatch(to("  ")).await,
        Err(Error::Invalid(_))
    ));
    let some = bus.dispatch_all([to("a"), to(" "), to("b")]).await;
    assert!(matches!(some, Err(Error::Invalid(_))));
    assert_eq!(stored(&bus).await, []);
}

#[tokio::test]
async fn a_dispatch_may_say_more_than_the_declaration() {
    let clock = clock();
    let bus = bus_at(&clock).await;
    let id = JobId::new();
    let job = to("a").delay(5 * MINUTE).on_queue("slow").priority(-9);
    let job = job.tag("bulk").with_id(id).retries(4).timeout(SECOND);
    let ticket = bus.dispatch(job).await.unwrap();
    let stored = only(&bus).await;
    assert_eq!((stored.id, stored.state), (id, JobState::Scheduled));
    assert_eq!(stored.run_at, clock.now() + 5 * MINUTE);
    assert_eq!((stored.queue.as_str(), stored.priority.get()), ("slow", -9));
    assert_eq!(stored.max_attempts, 5);
    let extras = stored.extras.unwrap();
    assert_eq!(extras.tags, ["polite", "bulk"]);
    assert_eq!(extras.timeout, Some(SECOND));
    assert_eq!(ticket.pushed(), Pushed::Stored);
    let twice = bus.dispatch(to("b").with_id(id)).await.unwrap();
    assert_eq!(twice.pushed(), Pushed::Duplicate(id));
}

#[tokio::test]
async fn a_job_is_due_when_it_says_and_at_once_if_that_is_over() {
    let clock = clock();
    let bus = bus_at(&clock).await;
    let soon = clock.now() + MINUTE;
    let past = std::time::SystemTime::from(clock.now()) - HOUR;
    bus.dispatch(to("later").at(soon)).await.unwrap();
    bus.dispatch(to("now").at(past)).await.unwrap();
    let [later, now] = <[_; 2]>::try_from(stored(&bus).await).unwrap();
    assert_eq!((later.state, later.run_at), (JobState::Scheduled, soon));
    assert_eq!(now.state, JobState::Available);
    drain(&bus).await;
    assert_eq!(bus.stats().completed, 1);
    clock.advance(MINUTE);
    drain(&bus).await;
    assert_eq!(bus.stats().completed, 2);
}

#[tokio::test]
async fn what_a_dispatch_says_wrongly_is_refused_with_the_reason() {
    let bus = bus().await;
    let error = bus.dispatch(to("a").on_queue("")).await.unwrap_err();
    let Error::Store { reason, .. } = error else {
        panic!("{error:?}")
    };
    let reason = std::error::Error::source(&*reason).unwrap().to_string();
    assert_eq!(reason, "\"\" is not a queue name: it is empty");
    let error = bus.dispatch(to("a").priority(101)).await;
    assert!(matches!(error, Err(Error::Store { .. })));
    assert_eq!(stored(&bus).await, []);
}

#[tokio::test]
async fn without_a_bus_a_job_has_nowhere_to_go() {
    let error = Context::new().dispatch(to("a")).await.unwrap_err();
    assert!(matches!(error, Error::Store { .. }), "{error:?}");
}

#[tokio::test]
async fn many_are_one_write_and_each_has_its_ticket() {
    let bus = bus().await;
    let names = (0..2_500).map(|n| to(&n.to_string()));
    let tickets = bus.dispatch_all(names).await.unwrap();
    drain(&bus).await;
    assert_eq!(bus.stats().completed, 2_500);
    assert_eq!(tickets[2_499].wait().await.unwrap(), "Hello, 2499!");
}

#[tokio::test]
async fn dispatch_now_needs_no_store() {
    let bus = bus().await;
    assert_eq!(bus.dispatch_now(to(" Bob ")).await.unwrap(), "Hello, Bob!");
    assert!(matches!(
        bus.dispatch_now(to("")).await,
        Err(Error::Invalid(_))
    ));
    assert_eq!(stored(&bus).await, []);
}

#[job]
struct Quiet;

#[handler]
async fn quiet(_: Quiet) {}

#[tokio::test]
async fn a_ticket_tells_each_end() {
    let bus = bus().await;
    let done = bus.dispatch(Quiet).await.unwrap();
    let cancelled = bus.dispatch(Quiet).await.unwrap();
    let one = Selection::Ids(vec![cancelled.id()]);
    let jobs = bus.jobs().await.unwrap();
    assert_eq!(jobs.cancel(&one, "not today").await.unwrap().cancelled, 1);
    drain(&bus).await;
    done.wait().await.unwrap();
    assert_eq!(
        done.status().await.unwrap(),
        None,
        "without output it is not kept"
    );
    match cancelled.wait().await {
        Err(WaitError::Cancelled { reason, .. }) => assert_eq!(reason, "not today"),
        other => panic!("{other:?}"),
    }
    let gone = bus.ticket::<Greet>(JobId::new()).await.unwrap();
    assert!(matches!(gone.wait().await, Err(WaitError::Gone { .. })));
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct User(String);

#[derive(Debug, Clone, PartialEq)]
struct Seen {
    correlation: String,
    user: Option<User>,
    tenant: Option<String>,
    trace: Option<TraceContext>,
}

#[job(authorize = somebody)]
struct Look;

fn somebody(_: &Look, cx: &Context) -> bool {
    cx.principal::<User>().is_some()
}

#[handler]
async fn look(_: Look, cx: &Context, probe: &Probe<Seen>) {
    let tenant = cx.extension::<Baggage>().and_then(|all| all.get("tenant"));
    probe.tell(Seen {
        correlation: cx.correlation_id().to_string(),
        user: cx.principal::<User>().cloned(),
        tenant: tenant.map(str::to_owned),
        trace: cx.extension::<TraceContext>().cloned(),
    });
}

#[tokio::test]
async fn the_context_travels_with_the_job() {
    let probe = Probe::<Seen>::new();
    let builder = Bus::builder()
        .partial()
        .store("memory:")
        .state(probe.clone());
    let bus = builder.principal::<User>().build().await.unwrap();
    let trace = TraceContext {
        parent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into(),
        state: Some("a=b".into()),
    };
    let cx = bus.context().with_principal(User("ann".into()));
    let cx = cx
        .with_extension(Baggage::of("tenant", "acme"))
        .with_extension(trace.clone());
    let correlation = cx.correlation_id().to_string();
    cx.scope(async { bus::dispatch(Look).await.unwrap() }).await;
    drain(&bus).await;
    let seen = Seen {
        correlation,
        user: Some(User("ann".into())),
        tenant: Some("acme".into()),
        trace: Some(trace),
    };
    assert_eq!(probe.heard(), [seen]);
}

#[tokio::test]
async fn who_asks_is_authorized_when_the_job_is_stored_and_not_again() {
    let probe = Probe::<Seen>::new();
    // The principal does not travel here: the job runs all the same.
    let builder = Bus::builder()
        .partial()
        .store("memory:")
        .state(probe.clone());
    let bus = builder.build().await.unwrap();
    assert!(matches!(bus.dispatch(Look).await, Err(Error::Denied(_))));
    assert_eq!(stored(&bus).await, []);
    let cx = bus.context().with_principal(User("ann".into()));
    cx.dispatch(Look).await.unwrap().wait_beside(&bus).await;
    assert_eq!(probe.heard()[0].user, None);
    assert!(matches!(
        bus.dispatch_now(Look).await,
        Err(Error::Denied(_))
    ));
}

/// Waits with a worker beside.
trait WaitBeside {
    async fn wait_beside(self, bus: &Bus);
}

impl WaitBeside for bus::Ticket<Look> {
    async fn wait_beside(self, bus: &Bus) {
        let worker = beside(bus.worker());
        self.wait().await.unwrap();
        worker.end().await;
    }
}
