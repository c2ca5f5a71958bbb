//! `Overlap`: one at a time, whatever is cancelled.
use super::{SECOND, Work, all, kind, scripted};
use bus::ErrorKind;
use bus::layers::Overlap;
use bus::prelude::*;
use bus_tests::Script;
use tokio::time::{Instant, sleep};

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
