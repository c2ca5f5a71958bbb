//! The current bus and the context: what is inherited, by whom, and what is not.
use bus::prelude::*;
use bus::{BoxError, Error, MessageId};
use bus_tests::alone;
use std::time::Duration;
use tokio::time::{Instant, sleep};

struct Name(&'static str);
#[derive(Debug, PartialEq)]
struct User(&'static str);
struct Trace(&'static str);

/// All that a handler can tell of its context.
#[derive(Debug, PartialEq)]
struct Seen {
    bus: Option<&'static str>,
    id: MessageId,
    correlation: MessageId,
    causation: Option<MessageId>,
    user: Option<&'static str>,
    trace: Option<&'static str>,
    deadline: Option<Instant>,
    cancelled: bool,
}

impl Seen {
    fn of(cx: &Context) -> Self {
        Self {
            bus: cx.state::<Name>().map(|name| name.0),
            id: cx.id(),
            correlation: cx.correlation_id(),
            causation: cx.causation_id(),
            user: cx.principal::<User>().map(|user| user.0),
            trace: cx.extension::<Trace>().map(|trace| trace.0),
            deadline: cx.deadline(),
            cancelled: cx.is_cancelled(),
        }
    }
}

#[command(output = Seen)]
struct Look;

#[handler]
fn look(_: Look, cx: &Context) -> Seen {
    Seen::of(cx)
}

/// Dispatches `Look` after so many levels of itself, each across an `.await`.
#[command(output = Vec<Seen>)]
struct Deep(u32);

#[handler]
async fn deep(cmd: Deep, cx: &Context) -> Result<Vec<Seen>, BoxError> {
    let mut seen = vec![Seen::of(cx)];
    sleep(Duration::from_millis(1)).await;
    if cmd.0 == 0 {
        seen.push(bus::dispatch(Look).await?);
    } else {
        seen.extend(Box::pin(bus::dispatch(Deep(cmd.0 - 1))).await?);
    }
    Ok(seen)
}

async fn named(name: &'static str) -> Bus {
    Bus::builder()
        .state(Name(name))
        .partial()
        .build()
        .await
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn nested_dispatches_inherit_all_and_name_their_parent() {
    let bus = named("one").await;
    let deadline = Instant::now() + Duration::from_secs(60);
    let cx = bus
        .context()
        .with_principal(User("ann"))
        .with_extension(Trace("t1"))
        .with_deadline(deadline);
    let (correlation, root) = (cx.correlation_id(), cx.id());
    assert_eq!(correlation, root, "the root's own id");
    let seen = cx.dispatch(Deep(3)).await.unwrap();
    assert_eq!(seen.len(), 5);
    assert_eq!((seen[0].id, seen[0].causation), (root, None));
    for pair in seen.windows(2) {
        assert_eq!(pair[1].causation, Some(pair[0].id));
        assert_ne!(pair[1].id, pair[0].id);
    }
    for seen in &seen {
        assert_eq!(seen.bus, Some("one"));
        assert_eq!(seen.correlation, correlation);
        assert_eq!((seen.user, seen.trace), (Some("ann"), Some("t1")));
        assert_eq!(seen.deadline, Some(deadline));
        assert!(!seen.cancelled);
    }
}

#[command(output = (Seen, Option<Seen>, Seen))]
struct Spawn;

#[handler]
async fn spawn(_: Spawn) -> Result<(Seen, Option<Seen>, Seen), BoxError> {
    let here = bus::dispatch(Look).await?;
    let bare = tokio::spawn(async { Context::current().map(|cx| Seen::of(&cx)) }).await?;
    let cx = Context::current().ok_or("a handler has a context")?;
    let handed = tokio::spawn(cx.scope(async { bus::dispatch(Look).await })).await??;
    Ok((here, bare, handed))
}

#[tokio::test]
async fn a_spawned_task_inherits_what_it_is_handed() {
    let cx = named("one").await.context().with_principal(User("ann"));
    let (here, bare, handed) = cx.dispatch(Spawn).await.unwrap();
    assert_eq!(bare, None);
    assert_eq!(handed.bus, Some("one"));
    assert_eq!(handed.user, Some("ann"));
    assert_eq!(handed.correlation, here.correlation);
    assert_eq!(handed.causation, here.causation);
}

#[tokio::test]
async fn scopes_nest_and_the_innermost_is_current() {
    let (one, two) = (named("one").await, named("two").await);
    let name = || async { bus::dispatch(Look).await.unwrap().bus };
    one.scope(async {
        assert_eq!(name().await, Some("one"));
        two.scope(async {
            assert_eq!(name().await, Some("two"));
            tokio::task::yield_now().await;
            assert_eq!(name().await, Some("two"));
            // Asked by name, the outer bus answers.
            assert_eq!(one.dispatch(Look).await.unwrap().bus, Some("one"));
        })
        .await;
        assert_eq!(name().await, Some("one"));
    })
    .await;
}

#[tokio::test]
async fn scopes_of_tasks_on_one_thread_do_not_mix() {
    let buses = [named("one").await, named("two").await, named("three").await];
    let tasks: Vec<_> = (0..300)
        .map(|n| {
            let (bus, name) = (&buses[n % 3], ["one", "two", "three"][n % 3]);
            tokio::spawn(bus.scope(async move {
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                    assert_eq!(bus::dispatch(Look).await.unwrap().bus, Some(name));
                }
            }))
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn a_bus_inside_its_own_scope_answers_as_a_child() {
    let bus = named("one").await;
    let cx = bus.context().with_principal(User("ann"));
    let id = cx.id();
    let seen = cx.scope(async { bus.dispatch(Look).await.unwrap() }).await;
    assert_eq!((seen.user, seen.causation), (Some("ann"), Some(id)));
    let other = named("two").await;
    let cx = bus.context().with_principal(User("ann"));
    let seen = cx
        .scope(async { other.dispatch(Look).await.unwrap() })
        .await;
    assert_eq!(
        (seen.user, seen.causation),
        (None, None),
        "another bus, a new request"
    );
}

#[expect(
    clippy::async_yields_async,
    reason = "made in one scope, awaited in another"
)]
#[tokio::test]
async fn a_dispatch_sees_the_scope_in_which_it_is_awaited() {
    let (one, two) = (named("one").await, named("two").await);
    let dispatch = one.scope(async { bus::dispatch(Look) }).await;
    let seen = two.scope(dispatch).await.unwrap();
    assert_eq!(seen.bus, Some("two"));
}

#[tokio::test]
async fn two_requests_have_two_correlations_and_a_given_one_is_kept() {
    let bus = named("one").await;
    let (a, b) = (
        bus.dispatch(Look).await.unwrap(),
        bus.dispatch(Look).await.unwrap(),
    );
    assert_ne!(a.correlation, b.correlation);
    let cx = Context::new()
        .with_correlation_id(a.correlation)
        .with_causation_id(a.id);
    let seen = cx.dispatch(Look).await.unwrap();
    assert_eq!(
        (seen.correlation, seen.causation),
        (a.correlation, Some(a.id))
    );
}

#[tokio::test]
async fn a_deadline_only_comes_nearer() {
    let (near, far) = (Duration::from_secs(10), Duration::from_secs(20));
    let now = Instant::now();
    let cx = Context::new()
        .with_deadline(now + near)
        .with_deadline(now + far);
    assert_eq!(cx.deadline(), Some(now + near));
    assert_eq!(cx.with_deadline(now).deadline(), Some(now));
}

#[command]
struct Endless;

#[handler]
async fn endless(_: Endless) {
    std::future::pending().await
}

#[command]
struct Outer;

#[handler]
async fn outer(_: Outer) -> Result<(), BoxError> {
    // The inner one ends by the deadline that it inherited.
    match bus::dispatch(Endless).await {
        Err(Error::TimedOut { command, .. }) if command.short_name() == "Endless" => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_nested_dispatches_too() {
    let limit = Duration::from_secs(5);
    let begun = Instant::now();
    let cx = Context::new().with_deadline(begun + limit);
    let answer = cx.dispatch(Endless).await;
    assert!(matches!(answer, Err(Error::TimedOut { after, .. }) if after == limit));
    assert_eq!(begun.elapsed(), limit);
    let cx = Context::new().with_deadline(Instant::now() + limit);
    cx.dispatch(Outer).await.unwrap();
}

#[command(output = &'static str)]
struct Nameless;

#[handler]
fn nameless(_: Nameless, name: Option<&Name>) -> &'static str {
    name.map_or("no bus", |name| name.0)
}

/// `install` is once a process.
#[test]
fn without_a_bus_then_with_the_installed_then_in_a_scope() {
    alone(
        concat!(
            module_path!(),
            "::without_a_bus_then_with_the_installed_then_in_a_scope"
        ),
        || {
            let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
            runtime.block_on(async {
                assert_eq!(bus::dispatch(Nameless).await.unwrap(), "no bus");
                let installed = named("installed").await;
                assert_eq!(bus::dispatch(Nameless).await.unwrap(), "no bus");
                installed.install().unwrap();
                assert_eq!(bus::dispatch(Nameless).await.unwrap(), "installed");
                let spawned = tokio::spawn(async { bus::dispatch(Nameless).await });
                assert_eq!(spawned.await.unwrap().unwrap(), "installed");
                let other = named("other").await;
                let inside = other.scope(async { bus::dispatch(Nameless).await }).await;
                assert_eq!(inside.unwrap(), "other");
                assert_eq!(other.dispatch(Nameless).await.unwrap(), "other");
                assert_eq!(bus::dispatch(Nameless).await.unwrap(), "installed");
                let again = other.install().unwrap_err();
                assert!(again.to_string().starts_with("a bus is installed already"));
            });
        },
    );
}
