//! The cache: one run for all that ask at once, whatever becomes of the one that leads.
use bus::ErrorKind;
use bus::layers::{Cache, Catch};
use bus::prelude::*;
use bus_tests::Script;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

#[command(output = u32)]
struct Look(u32);

#[handler]
async fn look(cmd: Look, script: &Script) -> Result<u32, bus::BoxError> {
    script.run(cmd.0).await
}

type Looks = Cache<u32, u32>;

fn looks() -> Looks {
    Cache::of::<Look, _>(MINUTE, |cmd| cmd.0)
}

async fn cached(script: &Script, cache: &Looks) -> Bus {
    let bus = Bus::builder()
        .state(script.clone())
        .middleware(Catch::new())
        .middleware(cache.clone());
    bus.partial().build().await.expect("partial")
}

type Asked = JoinHandle<Result<u32, bus::Error>>;

fn ask(bus: &Bus, key: u32) -> Asked {
    let bus = bus.clone();
    tokio::spawn(async move { bus.dispatch(Look(key)).await })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_that_ask_at_once_share_one_run_of_each_key() {
    let script = Script::takes(Duration::from_millis(20));
    let bus = cached(&script, &looks()).await;
    let asked: Vec<Asked> = (0..100).map(|n| ask(&bus, n % 4)).collect();
    for (n, asked) in (0..100).zip(asked) {
        assert_eq!(asked.await.unwrap().unwrap(), n % 4);
    }
    assert_eq!(script.runs(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_output_is_remembered_for_its_time() {
    let script = Script::takes(SECOND);
    let bus = cached(&script, &looks()).await;
    bus.dispatch(Look(1)).await.unwrap();
    sleep(MINUTE - SECOND).await;
    assert_eq!(bus.dispatch(Look(1)).await.unwrap(), 1);
    assert_eq!(script.runs(), 1);
    sleep(SECOND).await;
    bus.dispatch(Look(1)).await.unwrap();
    assert_eq!(script.runs(), 2);
}

#[tokio::test(start_paused = true)]
async fn when_the_one_that_leads_is_cancelled_another_takes_over() {
    let script = Script::takes(SECOND);
    let bus = cached(&script, &looks()).await;
    let leader = ask(&bus, 1);
    tokio::task::yield_now().await;
    let others: Vec<Asked> = (0..100).map(|_| ask(&bus, 1)).collect();
    sleep(SECOND / 2).await;
    leader.abort();
    for other in others {
        assert_eq!(other.await.unwrap().unwrap(), 1);
    }
    assert!(leader.await.unwrap_err().is_cancelled());
    assert_eq!(script.runs(), 2);
}

#[tokio::test(start_paused = true)]
async fn when_the_one_that_leads_panics_another_takes_over() {
    let script = Script::panics("boom");
    script.set_time(SECOND);
    let bus = cached(&script, &looks()).await;
    let leader = ask(&bus, 1);
    tokio::task::yield_now().await;
    // The leader's run will panic; the runs that begin after it will not.
    script.set(&Script::takes(SECOND));
    let others: Vec<Asked> = (0..100).map(|_| ask(&bus, 1)).collect();
    let error = leader.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);
    for other in others {
        assert_eq!(other.await.unwrap().unwrap(), 1);
    }
    assert_eq!(script.runs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_nobody_elses_and_the_others_do_not_queue_up() {
    let script = Script::fails();
    script.set_time(SECOND);
    let bus = cached(&script, &looks()).await;
    let begun = Instant::now();
    let asked: Vec<Asked> = (0..100).map(|_| ask(&bus, 1)).collect();
    for asked in asked {
        let error = asked.await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "the script fails");
    }
    assert_eq!(begun.elapsed(), SECOND * 2);
    script.set(&Script::takes(SECOND));
    assert_eq!(bus.dispatch(Look(1)).await.unwrap(), 1);
    assert_eq!(script.runs(), 101, "a failure is not remembered");
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_while_it_is_made_is_given_and_not_kept() {
    let (script, cache) = (Script::takes(SECOND), looks());
    let bus = cached(&script, &cache).await;
    let (first, second) = (ask(&bus, 1), ask(&bus, 1));
    sleep(SECOND / 2).await;
    cache.forget(&1);
    let third = ask(&bus, 1);
    for asked in [first, second, third] {
        assert_eq!(asked.await.unwrap().unwrap(), 1);
    }
    assert_eq!(
        script.runs(),
        2,
        "the third did not take the outdated output"
    );
    bus.dispatch(Look(1)).await.unwrap();
    assert_eq!(script.runs(), 2, "and its own is kept");
    cache.clear();
    bus.dispatch(Look(1)).await.unwrap();
    assert_eq!(script.runs(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_oldest_makes_room() {
    let script = Script::takes(Duration::ZERO);
    let bus = cached(&script, &looks().capacity(2)).await;
    for (key, runs) in [(1, 1), (2, 2), (1, 2), (3, 3), (2, 3), (1, 4)] {
        bus.dispatch(Look(key)).await.unwrap();
        assert_eq!(script.runs(), runs, "after {key}");
    }
}

/// Asks itself once more.
#[command(output = u32)]
struct Twice {
    inner: bool,
}

#[handler]
async fn twice(cmd: Twice) -> Result<u32, bus::BoxError> {
    match cmd.inner {
        true => Ok(1),
        false => Ok(Box::pin(bus::dispatch(Twice { inner: true })).await? + 1),
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_asks_for_its_own_key_does_not_wait_for_itself() {
    let cache = Cache::of::<Twice, _>(MINUTE, |_| "the only key");
    let bus = Bus::builder()
        .middleware(cache)
        .partial()
        .build()
        .await
        .unwrap();
    let answer = tokio::time::timeout(SECOND, bus.dispatch(Twice { inner: false })).await;
    assert_eq!(answer.expect("no deadlock").unwrap(), 2);
}

#[command(output = u32)]
struct Whoami;

struct User(u32);

#[handler]
fn whoami(_: Whoami, user: Principal<User>) -> u32 {
    user.0.0
}

#[tokio::test]
async fn a_key_may_tell_who_asks() {
    let cache =
        Cache::with_context::<Whoami, _>(MINUTE, |_, cx| cx.principal::<User>().map(|user| user.0));
    let bus = Bus::builder()
        .middleware(cache)
        .partial()
        .build()
        .await
        .unwrap();
    for user in [1, 2, 1] {
        let cx = bus.context().with_principal(User(user));
        assert_eq!(cx.dispatch(Whoami).await.unwrap(), user);
    }
    assert!(bus.dispatch(Whoami).await.is_err());
}

#[derive(Clone, Copy, PartialEq)]
struct Person(&'static str);

#[command(output = u32, authorize = is_owner)]
struct Balance {
    owner: &'static str,
    #[validate(range(max = 10))]
    account: u32,
}

fn is_owner(cmd: &Balance, cx: &Context) -> bool {
    cx.principal::<Person>() == Some(&Person(cmd.owner))
}

#[handler]
async fn balance(cmd: Balance, script: &Script) -> Result<u32, bus::BoxError> {
    script.run(cmd.account).await
}

async fn balance_of_ann(bus: &Bus, user: &'static str, account: u32) -> Result<u32, bus::Error> {
    let cx = bus.context().with_principal(Person(user));
    let owner = "ann";
    cx.dispatch(Balance { owner, account }).await
}

#[tokio::test(start_paused = true)]
async fn what_is_remembered_is_given_to_those_who_may_have_it() {
    let script = Script::takes(SECOND);
    let cache = Cache::of::<Balance, _>(MINUTE, |cmd| cmd.account);
    let bus = Bus::builder().state(script.clone()).middleware(cache);
    let bus = bus.partial().build().await.expect("partial");
    // One that waits for another's output is asked too.
    let (ann, bob) = tokio::join!(balance_of_ann(&bus, "ann", 1), async {
        tokio::task::yield_now().await;
        balance_of_ann(&bus, "bob", 1).await
    });
    assert_eq!(ann.unwrap(), 1);
    assert_eq!(bob.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(script.runs(), 1);
    // So is one that finds it.
    let bob = balance_of_ann(&bus, "bob", 1).await.unwrap_err();
    assert_eq!(bob.kind(), ErrorKind::Denied);
    let nobody = bus
        .dispatch(Balance {
            owner: "ann",
            account: 1,
        })
        .await;
    assert_eq!(nobody.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(balance_of_ann(&bus, "ann", 1).await.unwrap(), 1);
    assert_eq!(script.runs(), 1);
    assert_eq!(
        balance_of_ann(&bus, "bob", 11).await.unwrap_err().kind(),
        ErrorKind::Invalid,
        "the order of the policies stays"
    );
}

#[command(output = &'static str)]
struct Me;

#[handler]
async fn me(
    _: Me,
    user: Option<Principal<Person>>,
    script: &Script,
) -> Result<&'static str, bus::BoxError> {
    script.run(0).await?;
    Ok(user.map_or("nobody", |user| user.0.0))
}

#[tokio::test(start_paused = true)]
async fn who_asks_gets_what_is_theirs() {
    let ask = async |bus: &Bus, user| {
        let cx = bus.context().with_principal(Person(user));
        cx.dispatch(Me).await.unwrap()
    };
    let (blind, seeing) = (Script::takes(Duration::ZERO), Script::takes(Duration::ZERO));
    let by_nothing = Cache::of::<Me, _>(MINUTE, |_| ());
    let by_name =
        Cache::with_context::<Me, _>(MINUTE, |_, cx| cx.principal::<Person>().map(|user| user.0));
    let careless = Bus::builder().state(blind.clone()).middleware(by_nothing);
    let careless = careless.partial().build().await.expect("partial");
    let careful = Bus::builder().state(seeing.clone()).middleware(by_name);
    let careful = careful.partial().build().await.expect("partial");
    for _ in 0..2 {
        for bus in [&careless, &careful] {
            assert_eq!(ask(bus, "ann").await, "ann");
            assert_eq!(ask(bus, "bob").await, "bob");
            assert_eq!(bus.dispatch(Me).await.unwrap(), "nobody");
        }
    }
    assert_eq!(blind.runs(), 5, "only the answer to nobody is shared");
    assert_eq!(seeing.runs(), 3);
}
