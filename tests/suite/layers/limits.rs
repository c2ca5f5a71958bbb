//! `RateLimit` and `Throttle`, also under a hundred at once.
use super::{Once, Refused, SECOND, Work, all, kind, scripted};
use bus::layers::{Catch, RateLimit, Throttle, Timeout};
use bus::{Error, ErrorKind};
use bus_tests::Script;
use std::time::Duration;
use tokio::time::sleep;

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
    script.set(&Script::takes(SECOND / 2));
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
    script.set(&Script::takes(SECOND));
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
    script.set(&Script::takes(Duration::ZERO));
    assert!(bus.dispatch(Work(1)).await.is_ok());
    script.set(&Script::fails());
    for (n, expected) in [
        (1, ErrorKind::Handler),
        (7, ErrorKind::Handler),
        (1, ErrorKind::CircuitOpen),
    ] {
        assert_eq!(bus.dispatch(Once(n)).await.unwrap_err().kind(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_circuit_inside_a_timeout_sees_what_hangs_and_not_who_goes_away() {
    let script = Script::takes(3600 * SECOND);
    let bus = scripted(&script, |bus| {
        bus.middleware(Timeout::new(SECOND))
            .middleware(Throttle::new(2, 60 * SECOND))
    })
    .await;
    for _ in 0..5 {
        let gone = tokio::time::timeout(SECOND / 2, bus.dispatch(Work(1))).await;
        assert!(gone.is_err());
    }
    for _ in 0..2 {
        let late = bus.dispatch(Work(1)).await;
        assert_eq!(kind(&late), Some(ErrorKind::TimedOut));
    }
    let refused = bus.dispatch(Work(1)).await;
    assert_eq!(kind(&refused), Some(ErrorKind::CircuitOpen));
    let only_errors = Throttle::new(1, SECOND).only(|_, why| why.kind == ErrorKind::Handler);
    let bus = scripted(&script, |bus| {
        bus.middleware(Timeout::new(SECOND)).middleware(only_errors)
    })
    .await;
    for _ in 0..3 {
        let late = bus.dispatch(Work(1)).await;
        assert_eq!(
            kind(&late),
            Some(ErrorKind::TimedOut),
            "it was told what counts"
        );
    }
}
