//! The provided middleware: what each promises, also to a hundred at once and when cancelled.
use bus::layers::{Catch, Overlap, RateLimit, Retry, Throttle, Timeout, Trace, Translate};
use bus::prelude::*;
use bus::{Error, ErrorKind, Panicked, job::Backoff};
use bus_tests::{Log, Script};
use std::future::Future;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// Does what the script of its bus says.
#[derive(Clone)]
#[command(output = u32)]
struct Work(u32);

#[handler]
async fn work(cmd: Work, script: &Script) -> Result<u32, bus::BoxError> {
    script.run(cmd.0).await
}

/// The same for a command that can't be copied, with a typed error.
#[command(output = u32, error = Refused)]
struct Once(u32);

#[derive(Debug, PartialEq)]
struct Refused(u32);

#[handler]
async fn once(cmd: Once, script: &Script) -> Result<u32, Refused> {
    script.run(cmd.0).await.map_err(|_| Refused(cmd.0))
}

/// A bus with this script and these middleware.
async fn scripted(script: &Script, with: impl FnOnce(bus::Builder) -> bus::Builder) -> Bus {
    let builder = with(Bus::builder().state(script.clone()));
    builder.partial().build().await.expect("partial")
}

/// The answers of so many at once, in no order.
async fn all<T: Send + 'static, F>(count: u32, mut task: impl FnMut(u32) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks: JoinSet<T> = (0..count).map(|n| task(n)).collect();
    let mut answers = Vec::new();
    while let Some(answer) = tasks.join_next().await {
        answers.push(answer.expect("no task panics"));
    }
    answers
}

fn kind<T>(answer: &Result<T, Error>) -> Option<ErrorKind> {
    answer.as_ref().err().map(Error::kind)
}

#[tokio::test]
async fn catch_turns_panics_into_errors_and_shows_them() {
    async fn broken(call: Call<'_>, next: Next<'_>) -> Verdict {
        assert!(call.command(|_: &Once| ()).is_none(), "broken middleware");
        next.run().await
    }
    let (script, seen) = (Script::panics("boom"), Log::default());
    let log = seen.clone();
    let catch = Catch::new().on_panic(move |call, panicked: &Panicked| {
        log.add(format!(
            "{}: {}",
            call.descriptor().short_name(),
            panicked.message()
        ));
    });
    let bus = scripted(&script, |bus| bus.middleware(catch).middleware(broken)).await;
    assert_eq!(
        kind(&bus.dispatch(Work(1)).await),
        Some(ErrorKind::Panicked)
    );
    assert_eq!(
        bus.dispatch(Once(1)).await.unwrap_err().kind(),
        ErrorKind::Panicked
    );
    assert_eq!(seen.take(), ["Work: boom", "Once: broken middleware"]);
}

#[tokio::test]
async fn without_catch_a_panic_is_a_panic() {
    let bus = scripted(&Script::panics("boom"), |bus| bus).await;
    let task = tokio::spawn(async move { bus.dispatch(Work(1)).await });
    assert!(task.await.unwrap_err().is_panic());
}

#[tokio::test]
async fn translate_changes_the_answers_of_its_command_only() {
    let script = Script::fails();
    let translate = Translate::of::<Once>(|answer| {
        answer.map_err(|error| error.map_handler(|Refused(n)| Refused(n + 1)))
    });
    let bus = scripted(&script, |bus| bus.middleware(translate)).await;
    let error = bus.dispatch(Once(1)).await.unwrap_err();
    assert_eq!(error.into_handler(), Some(Refused(2)));
    assert_eq!(kind(&bus.dispatch(Work(1)).await), Some(ErrorKind::Handler));
}

#[tokio::test(start_paused = true)]
async fn of_a_hundred_at_once_the_rate_passes_and_the_others_know_how_long_to_wait() {
    let script = Script::takes(Duration::ZERO);
    let limit = RateLimit::new(10, SECOND);
    let bus = scripted(&script, |bus| bus.middleware(limit)).await;
    let answers = all(100, |n| {
        let bus = bus.clone();
        async move { bus.dispatch(Work(n)).await }
    })
    .await;
    let refused: Vec<_> = answers.iter().filter_map(|a| a.as_ref().err()).collect();
    assert_eq!(refused.len(), 90);
    for error in refused {
        assert_eq!(error.retry_after(), Some(SECOND / 10));
    }
    sleep(SECOND / 10).await;
    assert!(bus.dispatch(Work(0)).await.is_ok());
    assert!(bus.dispatch(Work(0)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_keyed_rate_limits_each_key_and_passes_what_has_none() {
    let script = Script::takes(Duration::ZERO);
    let limit = RateLimit::new(4, SECOND)
        .keyed(|call| call.command(|cmd: &Work| cmd.0))
        .burst(1);
    let bus = scripted(&script, |bus| bus.middleware(limit)).await;
    for key in 0..3 {
        assert!(bus.dispatch(Work(key)).await.is_ok());
        assert_eq!(
            kind(&bus.dispatch(Work(key)).await),
            Some(ErrorKind::RateLimited)
        );
        assert!(bus.dispatch(Once(key)).await.is_ok());
        assert!(bus.dispatch(Once(key)).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_lets_one_of_a_hundred_try() {
    let script = Script::fails();
    let throttle = Throttle::new(3, SECOND);
    let bus = scripted(&script, |bus| bus.middleware(throttle)).await;
    for _ in 0..3 {
        assert_eq!(kind(&bus.dispatch(Work(1)).await), Some(ErrorKind::Handler));
    }
    match bus.dispatch(Work(1)).await {
        Err(Error::CircuitOpen { retry_after, .. }) => assert_eq!(retry_after, SECOND),
        other => panic!("{other:?}"),
    }
    assert!(
        bus.dispatch(Once(1))
            .await
            .unwrap_err()
            .into_handler()
            .is_some(),
        "another command"
    );
    script.set(Script::takes(SECOND / 2));
    sleep(SECOND).await;
    let answers = all(100, |_| {
        let bus = bus.clone();
        async move { bus.dispatch(Work(1)).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(bus.dispatch(Work(1)).await.is_ok(), "it is closed again");
}

#[tokio::test(start_paused = true)]
async fn a_try_that_is_cancelled_leaves_the_circuit_to_another() {
    let script = Script::fails();
    let bus = scripted(&script, |bus| bus.middleware(Throttle::new(1, SECOND))).await;
    assert!(bus.dispatch(Work(1)).await.is_err());
    sleep(SECOND).await;
    script.set(Script::takes(SECOND));
    let cancelled = tokio::time::timeout(SECOND / 4, bus.dispatch(Work(1))).await;
    assert!(cancelled.is_err());
    assert!(bus.dispatch(Work(1)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_circuit_counts_panics_and_only_what_it_is_told_to() {
    let script = Script::panics("boom");
    let throttle = Throttle::new(1, SECOND)
        .keyed(|_| Some("the bank"))
        .only(|call, _| {
            call.error(|error: &Error<Refused>| matches!(error, Error::Handler(Refused(7))))
                == Some(true)
        });
    let bus = scripted(&script, |bus| {
        bus.middleware(Catch::new()).middleware(throttle)
    })
    .await;
    assert_eq!(
        kind(&bus.dispatch(Work(1)).await),
        Some(ErrorKind::Panicked)
    );
    assert_eq!(
        kind(&bus.dispatch(Work(1)).await),
        Some(ErrorKind::CircuitOpen)
    );
    sleep(SECOND).await;
    script.set(Script::takes(Duration::ZERO));
    assert!(bus.dispatch(Work(1)).await.is_ok());
    script.set(Script::fails());
    for (n, expected) in [
        (1, ErrorKind::Handler),
        (7, ErrorKind::Handler),
        (1, ErrorKind::CircuitOpen),
    ] {
        assert_eq!(bus.dispatch(Once(n)).await.unwrap_err().kind(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn retry_runs_again_after_its_waits_and_gives_the_last_failure() {
    let script = Script::fails();
    static WAITS: [Duration; 2] = [SECOND, Duration::from_secs(3)];
    let retry = Retry::times(3).backoff(Backoff::list(&WAITS));
    let bus = scripted(&script, |bus| bus.middleware(retry)).await;
    let begun = Instant::now();
    assert_eq!(kind(&bus.dispatch(Work(1)).await), Some(ErrorKind::Handler));
    assert_eq!(script.runs(), 4);
    assert_eq!(begun.elapsed().as_secs(), 1 + 3 + 3);
    script.fail_first(script.runs() + 2);
    assert!(bus.dispatch(Work(1)).await.is_ok());
    assert_eq!(script.runs(), 4 + 3);
}

#[tokio::test(start_paused = true)]
async fn retry_passes_once_what_it_cannot_copy_or_is_told_not_to_repeat() {
    let script = Script::fails();
    let retry = Retry::times(5).only(|_, failure| failure.kind == ErrorKind::TimedOut);
    let bus = scripted(&script, |bus| bus.middleware(retry)).await;
    assert!(bus.dispatch(Work(1)).await.is_err());
    assert_eq!(script.runs(), 1);
    let bus = scripted(&script, |bus| bus.middleware(Retry::times(5))).await;
    assert!(bus.dispatch(Once(1)).await.is_err());
    assert_eq!(script.runs(), 2);
}

#[tokio::test(start_paused = true)]
async fn retry_waits_as_long_as_the_failure_says() {
    let script = Script::takes(Duration::ZERO);
    let retry = Retry::times(1)
        .backoff(Backoff::fixed(SECOND))
        .only(|_, failure| failure.retry_after.is_some());
    let limit = RateLimit::new(1, SECOND * 60);
    let bus = scripted(&script, |bus| bus.middleware(retry).middleware(limit)).await;
    let begun = Instant::now();
    assert!(bus.dispatch(Work(1)).await.is_ok());
    assert!(bus.dispatch(Work(1)).await.is_ok());
    assert_eq!(begun.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn each_run_of_retry_has_its_own_time() {
    let script = Script::takes(SECOND * 10);
    let retry = Retry::times(2).backoff(Backoff::fixed(SECOND));
    let bus = scripted(&script, |bus| {
        bus.middleware(retry).middleware(Timeout::new(SECOND * 2))
    })
    .await;
    let begun = Instant::now();
    match bus.dispatch(Work(1)).await {
        Err(Error::TimedOut { after, .. }) => assert_eq!(after, SECOND * 2),
        other => panic!("{other:?}"),
    }
    assert_eq!(begun.elapsed(), SECOND * (2 + 1 + 2 + 1 + 2));
    assert_eq!(
        (script.runs(), script.running()),
        (3, 0),
        "what was begun is dropped"
    );
}

#[tokio::test(start_paused = true)]
async fn no_time_is_too_long() {
    let script = Script::takes(SECOND);
    let bus = scripted(&script, |bus| bus.middleware(Timeout::new(Duration::MAX))).await;
    assert!(bus.dispatch(Work(1)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_hundred_that_overlap_wait_for_their_turn_or_are_refused() {
    let script = Script::takes(SECOND);
    let bus = scripted(&script, |bus| bus.middleware(Overlap::wait())).await;
    let answers = all(100, |n| {
        let bus = bus.clone();
        async move { bus.dispatch(Work(n)).await }
    })
    .await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(script.most_at_once(), 1);
    assert_eq!(script.order(), (0..100).collect::<Vec<_>>());

    let bus = scripted(&script, |bus| bus.middleware(Overlap::refuse())).await;
    let answers = all(100, |n| {
        let bus = bus.clone();
        async move { bus.dispatch(Work(n)).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(
        bus.dispatch(Work(1)).await.is_ok(),
        "the turn was given back"
    );
}

#[tokio::test(start_paused = true)]
async fn cancelled_holders_and_waiters_give_their_turn_back() {
    let script = Script::takes(SECOND * 10);
    let overlap = Overlap::wait().keyed(|call| call.command(|cmd: &Work| cmd.0));
    let bus = scripted(&script, |bus| bus.middleware(overlap)).await;
    let dispatch = |key| {
        let bus = bus.clone();
        tokio::spawn(async move { bus.dispatch(Work(key)).await })
    };
    let (done, holder, last) = (dispatch(1), dispatch(1), dispatch(1));
    sleep(SECOND).await;
    // Another key, in the time of which the first is done and the second begins.
    assert!(bus.dispatch(Work(2)).await.is_ok());
    let begun = Instant::now();
    let (next, waiter, end) = (dispatch(1), dispatch(1), dispatch(1));
    holder.abort();
    waiter.abort();
    for task in [done, last, next, end] {
        task.await.unwrap().unwrap();
    }
    assert_eq!(begun.elapsed(), SECOND * 30);
    assert_eq!(script.runs(), 1 + 5, "who was aborted waiting never ran");
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let script = Script::takes(SECOND * 10);
    let overlap = Overlap::wait_at_most(SECOND * 2);
    let bus = scripted(&script, |bus| bus.middleware(overlap)).await;
    let (first, second) = tokio::join!(bus.dispatch(Work(1)), bus.dispatch(Work(2)));
    assert!(first.is_ok());
    assert_eq!(kind(&second), Some(ErrorKind::Overlapped));
    assert_eq!(script.runs(), 1);
}

/// Dispatches itself, as long as it is positive.
#[command(output = u32)]
struct Countdown(u32);

#[handler]
async fn countdown(cmd: Countdown) -> Result<u32, bus::BoxError> {
    match cmd.0 {
        0 => Ok(0),
        n => Ok(Box::pin(bus::dispatch(Countdown(n - 1))).await? + 1),
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_the_dispatch_around_it() {
    let bus = scripted(&Script::fails(), |bus| bus.middleware(Overlap::wait())).await;
    let answer = tokio::time::timeout(SECOND, bus.dispatch(Countdown(1))).await;
    assert!(answer.expect("no deadlock").is_err());
    let bus = scripted(&Script::fails(), |bus| {
        bus.middleware(Overlap::wait().keyed(|call| call.command(|cmd: &Countdown| cmd.0)))
    })
    .await;
    assert_eq!(bus.dispatch(Countdown(5)).await.unwrap(), 5);
}

/// What a subscriber wrote.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn text(&self) -> String {
        String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn trace_tells_each_end() {
    use tracing_subscriber::fmt::format::FmtSpan;
    use tracing_subscriber::util::SubscriberInitExt;
    let written = Written::default();
    let writer = written.clone();
    let _here = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(move || writer.clone())
        .set_default();
    let script = Script::takes(SECOND);
    let bus = scripted(&script, |bus| {
        bus.middleware(Catch::new()).middleware(Trace::new())
    })
    .await;
    let cx = bus.context();
    cx.dispatch(Work(1)).await.unwrap();
    let text = written.text();
    assert!(text.contains("layers::Work"), "{text}");
    assert!(
        text.contains(&format!("correlation_id={}", cx.correlation_id())),
        "{text}"
    );
    assert!(
        text.contains(r#"outcome="ok" "#) || text.contains(r#"outcome="ok""#),
        "{text}"
    );
    assert!(text.contains("elapsed_us=1000000"), "{text}");
    assert!(!text.contains("WARN"), "{text}");

    script.set(Script::fails());
    bus.dispatch(Work(1)).await.unwrap_err();
    let text = written.text();
    assert!(
        text.contains("WARN") && text.contains("dispatch failed"),
        "{text}"
    );
    assert!(text.contains(r#"outcome="handler""#), "{text}");
    assert!(
        text.contains("the script fails"),
        "the default error is shown: {text}"
    );
    bus.dispatch(Once(1)).await.unwrap_err();
    let text = written.text();
    assert!(
        text.contains("Refused`") && !text.contains("Refused("),
        "{text}"
    );

    script.set(Script::panics("boom"));
    bus.dispatch(Work(1)).await.unwrap_err();
    assert!(written.text().contains(r#"outcome="panicked""#));
    script.set(Script::takes(SECOND));
    assert!(
        tokio::time::timeout(SECOND / 2, bus.dispatch(Work(1)))
            .await
            .is_err()
    );
    let text = written.text();
    assert!(
        text.contains(r#"outcome="cancelled""#) && text.contains("dispatch cancelled"),
        "{text}"
    );
}
