//! `Catch`, `Translate`, `Retry`, `Timeout`: what becomes of failures.
use super::{Once, Refused, SECOND, Work, kind, scripted};
use bus::layers::{Catch, RateLimit, Retry, Timeout, Translate};
use bus::prelude::*;
use bus::{Error, ErrorKind, Panicked, job::Backoff};
use bus_tests::{Log, Script};
use std::time::Duration;
use tokio::time::Instant;

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
