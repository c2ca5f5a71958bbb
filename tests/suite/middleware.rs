//! Middleware: the order, what it may see and change, and what it cannot break.
use bus::prelude::*;
use bus::{Error, ErrorKind, MessageId, layers};
use bus_tests::Log;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// A middleware that writes down when it is entered and left.
struct Mark(&'static str);

impl Middleware for Mark {
    async fn handle(&self, call: Call<'_>, next: Next<'_>) -> Verdict {
        let cx = call.context();
        let log = cx.state::<Log>().expect("each test gives its log");
        log.add(format!("{}>", self.0));
        let verdict = next.run().await;
        log.add(format!("<{}", self.0));
        verdict
    }
}

#[derive(Clone)]
#[command(output = u32, authorize = allowed, middleware = [Mark("own")])]
struct Marked {
    #[validate(range(max = 10))]
    value: u32,
}

fn allowed(_: &Marked, cx: &Context) -> bool {
    cx.state::<Log>()
        .expect("each test gives its log")
        .add("authorize");
    true
}

#[handler]
fn marked(cmd: Marked, log: &Log) -> u32 {
    log.add("handler");
    cmd.value
}

/// The same without anything of its own.
#[derive(Clone)]
#[command(output = u32)]
struct Bare(u32);

#[handler]
async fn bare(cmd: Bare, log: Option<&Log>) -> u32 {
    tokio::task::yield_now().await;
    if let Some(log) = log {
        log.add(format!("bare {}", cmd.0));
    }
    cmd.0
}

#[tokio::test]
async fn those_of_the_bus_then_of_the_command_then_the_policies_then_the_handler() {
    let log = Log::default();
    let bus = Bus::builder()
        .state(log.clone())
        .middleware(Mark("first"))
        .middleware(Mark("second"))
        .partial()
        .build()
        .await
        .unwrap();
    assert_eq!(bus.dispatch(Marked { value: 3 }).await.unwrap(), 3);
    assert_eq!(
        log.take(),
        [
            "first>",
            "second>",
            "own>",
            "authorize",
            "handler",
            "<own",
            "<second",
            "<first"
        ]
    );
    let invalid = bus.dispatch(Marked { value: 11 }).await.unwrap_err();
    assert_eq!(invalid.kind(), ErrorKind::Invalid);
    assert_eq!(
        log.take(),
        ["first>", "second>", "own>", "<own", "<second", "<first"]
    );
}

#[tokio::test]
async fn an_answer_without_next_calls_nothing_further_in() {
    async fn seven(call: Call<'_>, next: Next<'_>) -> Verdict {
        assert!(call.answer("seven").is_err(), "of another type");
        match call.answer(7_u32) {
            Ok(verdict) => verdict,
            Err(_) => next.run().await,
        }
    }
    let log = Log::default();
    let bus = Bus::builder()
        .state(log.clone())
        .middleware(seven)
        .middleware(Mark("inner"))
        .partial()
        .build()
        .await
        .unwrap();
    assert_eq!(bus.dispatch(Bare(1)).await.unwrap(), 7);
    assert!(log.take().is_empty());
}

#[tokio::test]
async fn a_refusal_is_the_callers_error() {
    async fn closed(call: Call<'_>, _: Next<'_>) -> Verdict {
        call.reject(Error::Handler("closed on Sundays".into()))
    }
    let bus = Bus::builder()
        .middleware(closed)
        .partial()
        .build()
        .await
        .unwrap();
    match bus.dispatch(Bare(1)).await {
        Err(Error::Rejected { reason, .. }) => assert_eq!(reason.to_string(), "closed on Sundays"),
        other => panic!("{other:?}"),
    }
}

#[command(output = (Option<u32>, Option<u32>))]
struct Tenants;

#[command(output = Option<u32>)]
struct Tenant;

struct TenantId(u32);

#[handler]
async fn tenants(_: Tenants, cx: &Context) -> Result<(Option<u32>, Option<u32>), bus::BoxError> {
    let own = cx.extension::<TenantId>().map(|tenant| tenant.0);
    Ok((own, bus::dispatch(Tenant).await?))
}

#[handler]
fn tenant(_: Tenant, cx: &Context) -> Option<u32> {
    cx.extension::<TenantId>().map(|tenant| tenant.0)
}

#[tokio::test]
async fn a_changed_context_reaches_the_handler_and_what_it_dispatches_and_nobody_else() {
    async fn set(call: Call<'_>, next: Next<'_>) -> Verdict {
        if call.command(|_: &Tenants| ()).is_some() {
            call.update_context(|cx| cx.with_extension(TenantId(5)));
        }
        next.run().await
    }
    let bus = Bus::builder()
        .middleware(set)
        .partial()
        .build()
        .await
        .unwrap();
    bus.scope(async {
        assert_eq!(bus::dispatch(Tenants).await.unwrap(), (Some(5), Some(5)));
        assert_eq!(bus::dispatch(Tenant).await.unwrap(), None);
    })
    .await;
}

/// Tells what it is asked inside of.
#[command(output = (MessageId, Option<MessageId>))]
struct Ids;

#[handler]
fn ids(_: Ids, cx: &Context) -> (MessageId, Option<MessageId>) {
    (cx.correlation_id(), cx.causation_id())
}

#[tokio::test]
async fn what_a_middleware_dispatches_is_on_its_bus_and_caused_by_the_dispatch() {
    async fn ask(call: Call<'_>, next: Next<'_>) -> Verdict {
        if call.command(|_: &Bare| ()).is_some() {
            let cx = call.context();
            let (correlation, causation) = bus::dispatch(Ids).await.unwrap();
            assert_eq!(correlation, cx.correlation_id());
            assert_eq!(causation, Some(cx.id()));
            let log = Context::current().and_then(|cx| cx.state_arc::<Log>());
            log.expect("the same bus").add("asked");
        }
        next.run().await
    }
    let log = Log::default();
    let bus = Bus::builder()
        .state(log.clone())
        .middleware(ask)
        .partial()
        .build()
        .await
        .unwrap();
    bus.dispatch(Bare(1)).await.unwrap();
    assert_eq!(log.take(), ["asked", "bare 1"]);
}

#[tokio::test]
async fn a_call_may_be_used_inside_its_own_closures() {
    async fn tangled(call: Call<'_>, next: Next<'_>) -> Verdict {
        let id = call.command(|_: &Bare| call.context().id());
        assert_eq!(id, Some(call.context().id()));
        call.update_context(|cx| {
            assert_eq!(cx.id(), call.context().id());
            cx
        });
        let _ = next.run().await;
        let changed = call.output(|value: &u32| call.answer(value + 1));
        changed.expect("it succeeded").expect("of the right type")
    }
    let bus = Bus::builder()
        .middleware(tangled)
        .partial()
        .build()
        .await
        .unwrap();
    assert_eq!(bus.dispatch(Bare(1)).await.unwrap(), 2);
}

#[tokio::test]
async fn a_verdict_of_another_dispatch_rejects() {
    static KEPT: Mutex<Option<Verdict>> = Mutex::new(None);
    async fn keep(_: Call<'_>, next: Next<'_>) -> Verdict {
        let kept = *KEPT.lock().unwrap();
        match kept {
            Some(verdict) => verdict,
            None => {
                let verdict = next.run().await;
                *KEPT.lock().unwrap() = Some(verdict);
                verdict
            }
        }
    }
    let bus = Bus::builder()
        .middleware(keep)
        .partial()
        .build()
        .await
        .unwrap();
    assert_eq!(bus.dispatch(Bare(1)).await.unwrap(), 1);
    let error = bus.dispatch(Bare(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
}

#[tokio::test]
async fn runs_again_begin_alike_at_every_depth() {
    async fn twice(_: Call<'_>, mut next: Next<'_>) -> Verdict {
        let _ = next.again().expect("the command is `Clone`").run().await;
        next.run().await
    }
    async fn add_one(call: Call<'_>, next: Next<'_>) -> Verdict {
        call.command_mut(|cmd: &mut Bare| cmd.0 += 1);
        next.run().await
    }
    async fn add_ten_twice(call: Call<'_>, next: Next<'_>) -> Verdict {
        call.command_mut(|cmd: &mut Bare| cmd.0 += 10);
        twice(call, next).await
    }
    let log = Log::default();
    let bus = Bus::builder()
        .state(log.clone())
        .middleware(twice)
        .middleware(add_ten_twice)
        .middleware(add_one)
        .partial()
        .build()
        .await
        .unwrap();
    assert_eq!(bus.dispatch(Bare(100)).await.unwrap(), 111);
    assert_eq!(log.take(), ["bare 111"; 4]);
}

#[command]
struct Forever {
    _alive: Arc<()>,
}

#[handler]
async fn forever(cmd: Forever) {
    std::future::pending::<()>().await;
    drop(cmd);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_set_by_a_middleware_holds() {
    async fn hurry(call: Call<'_>, next: Next<'_>) -> Verdict {
        let deadline = Instant::now() + Duration::from_secs(3);
        call.update_context(|cx| cx.with_deadline(deadline));
        next.run().await
    }
    let bus = Bus::builder()
        .middleware(hurry)
        .partial()
        .build()
        .await
        .unwrap();
    let begun = Instant::now();
    match bus
        .dispatch(Forever {
            _alive: Arc::default(),
        })
        .await
    {
        Err(Error::TimedOut { after, .. }) => assert_eq!(after, Duration::from_secs(3)),
        other => panic!("{other:?}"),
    }
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_its_deadline_is_not_begun() {
    let log = Log::default();
    let bus = Bus::builder()
        .state(log.clone())
        .partial()
        .build()
        .await
        .unwrap();
    let cx = bus.context().with_deadline(Instant::now());
    let late = cx.dispatch(Bare(1)).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::TimedOut);
    assert!(log.take().is_empty());
}

#[tokio::test]
async fn a_dropped_dispatch_drops_the_handler() {
    let bus = Bus::builder()
        .state(Log::default())
        .middleware(Mark("around"))
        .partial()
        .build()
        .await
        .unwrap();
    let alive = Arc::new(());
    let dispatch = bus.dispatch(Forever {
        _alive: Arc::clone(&alive),
    });
    let ended = tokio::time::timeout(Duration::from_millis(1), dispatch).await;
    assert!(ended.is_err());
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[tokio::test]
async fn functions_and_closures_are_middleware() {
    async fn function(_: Call<'_>, next: Next<'_>) -> Verdict {
        next.run().await
    }
    static SEEN: AtomicU32 = AtomicU32::new(0);
    let seen = Arc::new(AtomicU32::new(0));
    let inside = Arc::clone(&seen);
    let bus = Bus::builder()
        .middleware(function)
        // Capturing nothing, an `async` closure is a function.
        .middleware(async |_: Call<'_>, next: Next<'_>| {
            SEEN.fetch_add(1, Ordering::Relaxed);
            next.run().await
        })
        .middleware(layers::from_fn(move |call, next| {
            let seen = Arc::clone(&inside);
            Box::pin(async move {
                let verdict = next.run().await;
                if call.failure().is_none() {
                    seen.fetch_add(1, Ordering::Relaxed);
                }
                verdict
            })
        }))
        .partial()
        .build()
        .await
        .unwrap();
    assert_eq!(bus.dispatch(Bare(4)).await.unwrap(), 4);
    assert_eq!(SEEN.load(Ordering::Relaxed), 1);
    assert_eq!(seen.load(Ordering::Relaxed), 1);
}
