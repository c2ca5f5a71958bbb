//! `rate = "…"`: never more than the burst and the rate, and the wait it names is right.
use bus::prelude::*;
use bus::{BoxError, Error};
use bus_tests::Log;
use std::fmt::Debug;
use std::time::Duration;
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// The moments that lie in each window of a second that begins with one of them.
fn most_in_a_second(mut moments: Vec<Instant>) -> usize {
    moments.sort();
    let windows = moments.iter().enumerate().map(|(first, begin)| {
        let after = &moments[first..];
        after.iter().take_while(|at| **at < *begin + SECOND).count()
    });
    windows.max().unwrap_or(0)
}

fn retry_after<T: Debug, E: Debug>(answer: &Result<T, Error<E>>) -> Duration {
    match answer {
        Err(Error::RateLimited { retry_after, .. }) => *retry_after,
        other => panic!("{other:?}"),
    }
}

#[derive(Debug)]
#[command(output = Instant, rate = "100/s")]
struct Hundred;

#[handler]
async fn hundred(_: Hundred) -> Instant {
    Instant::now()
}

#[tokio::test(start_paused = true)]
async fn of_ten_thousand_at_once_the_burst_passes_and_each_other_learns_when_to_come_back() {
    let tasks: Vec<_> = (0..10_000)
        .map(|_| tokio::spawn(async { bus::dispatch(Hundred).await }))
        .collect();
    let mut passed = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => passed += 1,
            refused => assert_eq!(retry_after(&refused), Duration::from_millis(10)),
        }
    }
    assert_eq!(passed, 100);
}

#[derive(Debug)]
#[command(output = Instant, rate = "100/s burst 10")]
struct Patient;

#[handler]
async fn patient(_: Patient) -> Instant {
    Instant::now()
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_when_told_passes_no_later_than_it_must() {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..310)
        .map(|_| {
            tokio::spawn(async {
                loop {
                    match bus::dispatch(Patient).await {
                        Ok(at) => return at,
                        Err(error) => sleep(error.retry_after().unwrap()).await,
                    }
                }
            })
        })
        .collect();
    let mut passed = Vec::new();
    for task in tasks {
        passed.push(task.await.unwrap());
    }
    let most = most_in_a_second(passed.clone());
    assert!(most <= 110, "{most} in a second");
    // Ten at once and 300 more, one each 10 ms; tokio's timers tell whole milliseconds.
    let last = *passed.iter().max().unwrap() - begun;
    let right = Duration::from_secs(3);
    assert!(
        last >= right && last <= right + Duration::from_millis(300),
        "{last:?}"
    );
}

/// One dispatch in real time: the clock before, the answer, the clock after.
type Timed = (Instant, Result<Instant, Error<BoxError>>, Instant);

/// Ten thousand dispatches from tasks of four threads.
async fn storm<F>(dispatch: fn() -> F) -> Vec<Timed>
where
    F: Future<Output = Result<Instant, Error<BoxError>>> + Send + 'static,
{
    let tasks: Vec<_> = (0..10_000)
        .map(|_| {
            tokio::spawn(async move {
                let before = Instant::now();
                let answer = dispatch().await;
                (before, answer, Instant::now())
            })
        })
        .collect();
    let mut timed = Vec::new();
    for task in tasks {
        timed.push(task.await.unwrap());
    }
    timed
}

#[derive(Debug)]
#[command(output = Instant, rate = "100/s")]
struct InRealTime;

#[handler]
async fn in_real_time(_: InRealTime) -> Instant {
    Instant::now()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_at_once_in_real_time_pass_no_faster_than_declared() {
    let timed = storm(|| bus::dispatch(InRealTime)).await;
    let begun = timed.iter().map(|(before, ..)| *before).min().unwrap();
    let ended = timed.iter().map(|(.., after)| *after).max().unwrap();
    let passed: Vec<Instant> = timed
        .iter()
        .filter_map(|(_, a, _)| a.as_ref().ok().copied())
        .collect();
    let allowed = 100 + (ended - begun).as_millis() as usize / 10 + 1;
    assert!(
        (100..=allowed).contains(&passed.len()),
        "{} of {allowed}",
        passed.len()
    );
}

#[derive(Debug)]
#[command(output = Instant, rate = "2/s")]
struct Exact;

#[handler]
async fn exact(_: Exact) -> Instant {
    Instant::now()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_real_time_each_of_ten_thousand_is_told_the_moment_of_the_schedule() {
    let timed = storm(|| bus::dispatch(Exact)).await;
    // The schedule began between these two, and has a place each half second from then on.
    let earliest = timed.iter().map(|(before, ..)| *before).min().unwrap();
    let latest = timed
        .iter()
        .filter_map(|(_, a, _)| a.as_ref().ok())
        .min()
        .unwrap();
    let places = |time: Duration| time.as_secs_f64() / 0.5;
    let mut back = earliest;
    for (before, answer, after) in &timed {
        if answer.is_ok() {
            continue;
        }
        let wait = retry_after(answer);
        // It asked between its two readings of the clock: some place lies in between.
        let from = places((*before + wait).saturating_duration_since(*latest));
        let to = places(*after + wait - earliest);
        assert!(
            from.ceil() <= to,
            "{from} to {to}: no place of the schedule"
        );
        back = back.max(*after + wait);
    }
    assert!(back > earliest, "none was refused");
    // Whoever comes back then passes, as nobody else asks any more.
    tokio::time::sleep_until(back).await;
    assert!(bus::dispatch(Exact).await.is_ok());
}

#[derive(Debug)]
#[command(rate = "10/s burst 3")]
struct Burst;

#[handler]
fn burst(_: Burst) {}

#[tokio::test(start_paused = true)]
async fn the_wait_is_exact_to_the_millisecond() {
    for _ in 0..3 {
        bus::dispatch(Burst).await.unwrap();
    }
    let wait = Duration::from_millis(100);
    assert_eq!(retry_after(&bus::dispatch(Burst).await), wait);
    advance(wait - Duration::from_millis(1)).await;
    assert_eq!(
        retry_after(&bus::dispatch(Burst).await),
        Duration::from_millis(1)
    );
    advance(Duration::from_millis(1)).await;
    bus::dispatch(Burst).await.unwrap();
    // A refused one was not counted: the next fits when it was due anyway.
    assert_eq!(retry_after(&bus::dispatch(Burst).await), wait);
    advance(Duration::from_secs(3600)).await;
    for _ in 0..3 {
        bus::dispatch(Burst).await.unwrap();
    }
    assert!(
        bus::dispatch(Burst).await.is_err(),
        "a quiet hour refills the burst, no more"
    );
}

#[derive(Debug)]
#[command(output = u32, rate = "2/m per account, kind")]
struct Keyed {
    account: u32,
    kind: &'static str,
    value: u32,
}

#[handler]
fn keyed(cmd: Keyed) -> u32 {
    cmd.value
}

fn keyed_by(account: u32, kind: &'static str) -> Keyed {
    Keyed {
        account,
        kind,
        value: account,
    }
}

#[tokio::test(start_paused = true)]
async fn each_key_has_its_own_rate() {
    for account in 0..100 {
        for kind in ["a", "b"] {
            for _ in 0..2 {
                bus::dispatch(keyed_by(account, kind)).await.unwrap();
            }
            let answer = bus::dispatch(keyed_by(account, kind)).await;
            assert_eq!(retry_after(&answer), Duration::from_secs(30));
        }
    }
    advance(Duration::from_secs(30)).await;
    assert_eq!(bus::dispatch(keyed_by(7, "a")).await.unwrap(), 7);
    assert!(bus::dispatch(keyed_by(7, "a")).await.is_err());
}

#[derive(Debug)]
#[command(rate = "1/m", authorize = only_known)]
struct Guarded {
    #[validate(range(max = 3))]
    value: u32,
}

fn only_known(_: &Guarded, cx: &Context) -> bool {
    cx.extension::<Known>().is_some()
}

struct Known;

#[handler]
fn guarded(_: Guarded) {}

#[tokio::test(start_paused = true)]
async fn what_is_refused_before_costs_no_rate() {
    let known = Context::new().with_extension(Known);
    for _ in 0..5 {
        assert!(matches!(
            bus::dispatch(Guarded { value: 1 }).await,
            Err(Error::Denied(_))
        ));
        assert!(matches!(
            known.dispatch(Guarded { value: 4 }).await,
            Err(Error::Invalid(_))
        ));
    }
    known.dispatch(Guarded { value: 1 }).await.unwrap();
    let answer = known.dispatch(Guarded { value: 1 }).await;
    assert_eq!(retry_after(&answer), Duration::from_secs(60));
    let text = answer.unwrap_err().to_string();
    assert!(
        text.ends_with("Guarded` is over its rate, retry after 60s"),
        "{text}"
    );
}

#[derive(Clone, Debug)]
#[command(rate = "5/m", retries = 2, backoff = "fixed(1ms)")]
struct Retried;

#[handler]
async fn retried(_: Retried, log: &Log) -> Result<(), BoxError> {
    log.add("run");
    Err("again".into())
}

#[tokio::test(start_paused = true)]
async fn a_dispatch_counts_once_however_often_it_is_retried() {
    let log = Log::default();
    let bus = Bus::builder()
        .state(log.clone())
        .partial()
        .build()
        .await
        .unwrap();
    for _ in 0..5 {
        assert!(matches!(
            bus.dispatch(Retried).await,
            Err(Error::Handler(_))
        ));
    }
    assert!(matches!(
        bus.dispatch(Retried).await,
        Err(Error::RateLimited { .. })
    ));
    assert_eq!(log.take().len(), 15);
}
