//! Commands of every form reach their handler, and every kind of argument reaches it too.
use bus::prelude::*;
use bus::{BoxError, Error, ErrorKind};
use bus_tests::Log;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A bus without anything: other tests' handlers need state that is not here.
async fn empty() -> Bus {
    Bus::builder().partial().build().await.unwrap()
}

#[command(output = &'static str)]
struct Unit;

#[handler]
fn unit(_: Unit) -> &'static str {
    "unit"
}

#[command(output = u64)]
struct Tuple(u32, u32);

#[handler]
async fn tuple(sum: Tuple) -> u64 {
    tokio::task::yield_now().await;
    u64::from(sum.0) + u64::from(sum.1)
}

#[command(output = String)]
struct Named {
    first: String,
    last: String,
}

#[handler]
fn named(Named { first, last }: Named) -> String {
    format!("{first} {last}")
}

#[command(output = f64)]
enum Shape {
    Nothing,
    Circle(f64),
    Square { side: f64 },
}

#[handler]
fn area(shape: Shape) -> f64 {
    match shape {
        Shape::Nothing => 0.0,
        Shape::Circle(radius) => 3.0 * radius * radius,
        Shape::Square { side } => side * side,
    }
}

#[tokio::test]
async fn structs_and_enums_of_every_form_are_commands() {
    let bus = empty().await;
    assert_eq!(bus.dispatch(Unit).await.unwrap(), "unit");
    assert_eq!(
        bus.dispatch(Tuple(2, u32::MAX)).await.unwrap(),
        4_294_967_297
    );
    let name = Named {
        first: "Ann".into(),
        last: "Lee".into(),
    };
    assert_eq!(bus.dispatch(name).await.unwrap(), "Ann Lee");
    assert_eq!(bus.dispatch(Shape::Nothing).await.unwrap(), 0.0);
    assert_eq!(bus.dispatch(Shape::Circle(2.0)).await.unwrap(), 12.0);
    assert_eq!(
        bus.dispatch(Shape::Square { side: 3.0 }).await.unwrap(),
        9.0
    );
}

#[tokio::test]
async fn a_command_inside_a_function_is_one_like_any_other() {
    #[command(output = u8)]
    struct Inner(u8);

    #[handler]
    fn inner(cmd: Inner) -> u8 {
        cmd.0 + 1
    }

    assert_eq!(empty().await.dispatch(Inner(1)).await.unwrap(), 2);
}

/// The same name in another module, another command.
mod other {
    #[bus::command(output = &'static str)]
    pub(crate) struct Unit;

    #[bus::handler]
    fn unit(_: Unit) -> &'static str {
        "the other"
    }
}

#[tokio::test]
async fn two_modules_may_have_commands_of_one_name() {
    let bus = empty().await;
    assert_eq!(bus.dispatch(other::Unit).await.unwrap(), "the other");
    assert_eq!(bus.dispatch(Unit).await.unwrap(), "unit");
}

#[derive(Debug, PartialEq)]
enum Refusal {
    TooMany,
}

#[command(error = Refusal)]
struct Take(u32);

#[handler]
async fn take(cmd: Take) -> Result<(), Refusal> {
    if cmd.0 > 3 {
        Err(Refusal::TooMany)
    } else {
        Ok(())
    }
}

#[command(output = u32)]
struct Parse(&'static str);

#[handler]
fn parse(cmd: Parse) -> Result<u32, BoxError> {
    if cmd.0.is_empty() {
        return Err("nothing to parse".into());
    }
    Ok(cmd.0.parse()?)
}

#[tokio::test]
async fn a_handler_fails_with_the_declared_error_or_with_any() {
    let bus = empty().await;
    bus.dispatch(Take(3)).await.unwrap();
    match bus.dispatch(Take(4)).await {
        Err(Error::Handler(Refusal::TooMany)) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(bus.dispatch(Parse("17")).await.unwrap(), 17);
    let error = bus.dispatch(Parse("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Handler);
    let cause = error.into_handler().unwrap();
    assert!(cause.downcast_ref::<std::num::ParseIntError>().is_some());
    let error = bus.dispatch(Parse("")).await.unwrap_err();
    assert_eq!(error.to_string(), "nothing to parse");
}

struct Desk {
    name: &'static str,
    asked: AtomicU32,
}

#[command(output = (String, u32))]
struct Ask;

#[command(output = &'static str)]
struct DeskName;

#[bus::handlers]
impl Desk {
    #[handler]
    async fn ask(&self, _: Ask, log: &Log) -> (String, u32) {
        log.add("asked");
        self.greet()
    }

    #[handler]
    fn name(&self, _: DeskName) -> &'static str {
        self.name
    }

    fn greet(&self) -> (String, u32) {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        (format!("{} is open", self.name), asked)
    }
}

#[tokio::test]
async fn methods_of_a_service_are_handlers_and_the_service_is_state() {
    let desk = Arc::new(Desk {
        name: "east",
        asked: AtomicU32::new(0),
    });
    let log = Log::default();
    let bus = Bus::builder()
        .state_arc(Arc::clone(&desk))
        .state(log.clone())
        .partial()
        .build()
        .await
        .unwrap();
    assert_eq!(bus.dispatch(DeskName).await.unwrap(), "east");
    assert_eq!(bus.dispatch(Ask).await.unwrap(), ("east is open".into(), 1));
    assert_eq!(bus.dispatch(Ask).await.unwrap().1, 2);
    assert_eq!(desk.asked.load(Ordering::Relaxed), 2);
    assert_eq!(log.take(), ["asked", "asked"]);
}

struct Db(&'static str);
struct Mailer(&'static str);
#[derive(Debug, PartialEq)]
struct User(&'static str);
struct Absent;

/// An extractor of the user's: what a request brought along.
#[derive(Clone, Debug, PartialEq)]
struct Tenant(&'static str);

impl FromContext<'_> for Tenant {
    fn from_context(cx: &Context) -> Result<Self, Rejection> {
        let tenant = cx.extension::<Tenant>().cloned();
        tenant.ok_or_else(|| Rejection::new("no tenant in this request"))
    }
}

/// An extractor that borrows from the context.
struct DbName<'c>(&'c str);

impl<'c> FromContext<'c> for DbName<'c> {
    fn from_context(cx: &'c Context) -> Result<Self, Rejection> {
        <&Db>::from_context(cx).map(|db| DbName(db.0))
    }
}

#[command(output = String)]
struct All;

#[expect(clippy::too_many_arguments, reason = "one of each kind")]
#[handler]
async fn all(
    _: All,
    db: &Db,
    mailer: State<Mailer>,
    cx: &Context,
    user: Principal<User>,
    tenant: Tenant,
    name: DbName<'_>,
    absent: Option<&Absent>,
    nobody: Option<Principal<Absent>>,
    known: Option<State<Db>>,
) -> String {
    // What is owned outlives the handler.
    let mailer = tokio::spawn(async move { mailer.0.0 }).await.unwrap();
    assert!(absent.is_none() && nobody.is_none());
    assert_eq!(known.map(|db| db.0.0), Some(db.0));
    assert_eq!(cx.principal::<User>(), Some(&*user));
    format!("{} {mailer} {} {} {}", db.0, user.0.0, tenant.0, name.0)
}

#[tokio::test]
async fn every_kind_of_argument_is_injected() {
    let bus = Bus::builder()
        .state(Db("db"))
        .state(Mailer("mailer"))
        .partial()
        .build()
        .await
        .unwrap();
    let cx = bus
        .context()
        .with_principal(User("ann"))
        .with_extension(Tenant("acme"));
    assert_eq!(cx.dispatch(All).await.unwrap(), "db mailer ann acme db");
}

#[tokio::test]
async fn what_is_absent_is_named_and_the_handler_is_not_called() {
    let bus = Bus::builder()
        .state(Db("db"))
        .partial()
        .build()
        .await
        .unwrap();
    match bus.dispatch(All).await {
        Err(Error::Missing { command, needs, .. }) => {
            assert_eq!(command.short_name(), "All");
            assert!(needs.ends_with("::Mailer"), "{needs}");
        }
        other => panic!("{other:?}"),
    }
    let bus = Bus::builder()
        .state(Db("db"))
        .state(Mailer("mailer"))
        .partial()
        .build()
        .await
        .unwrap();
    let stranger = bus.context().with_extension(Tenant("acme"));
    assert!(matches!(
        stranger.dispatch(All).await,
        Err(Error::Denied(_))
    ));
    match bus
        .context()
        .with_principal(User("ann"))
        .dispatch(All)
        .await
    {
        Err(Error::Rejected { reason, .. }) => {
            assert_eq!(reason.to_string(), "no tenant in this request");
        }
        other => panic!("{other:?}"),
    }
}

#[command(output = u32, remote)]
struct Remote(u32);

#[handler]
async fn remote(cmd: Remote, db: &Db) -> Result<u32, BoxError> {
    tokio::task::yield_now().await;
    Ok(cmd.0 + u32::try_from(db.0.len())?)
}

#[command(output = u32, remote)]
struct RemotePlain(u32);

#[handler]
fn remote_plain(cmd: RemotePlain) -> u32 {
    cmd.0 * 2
}

#[tokio::test]
async fn a_remote_command_finds_its_handler_by_the_linker() {
    let bus = Bus::builder()
        .state(Db("four"))
        .partial()
        .build()
        .await
        .unwrap();
    assert_eq!(bus.dispatch(Remote(3)).await.unwrap(), 7);
    assert_eq!(bus.dispatch(RemotePlain(3)).await.unwrap(), 6);
    let error = empty().await.dispatch(Remote(3)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Missing);
}

#[command]
struct Burn;

#[handler]
async fn burn(_: Burn) {
    tokio::task::yield_now().await;
    panic!("it burns");
}

#[tokio::test]
async fn a_panic_of_a_handler_is_a_panic_of_the_dispatch() {
    let bus = empty().await;
    let task = tokio::spawn(async move { bus.dispatch(Burn).await });
    let panic = task.await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"it burns"));
}

#[command(output = u32)]
struct Sum(u32);

/// A handler may dispatch its own command again.
#[handler]
async fn sum(cmd: Sum) -> Result<u32, BoxError> {
    if cmd.0 == 0 {
        return Ok(0);
    }
    Ok(cmd.0 + Box::pin(bus::dispatch(Sum(cmd.0 - 1))).await?)
}

#[tokio::test]
async fn a_handler_dispatches_itself_and_ten_thousand_run_at_once() {
    let bus = empty().await;
    assert_eq!(bus.dispatch(Sum(100)).await.unwrap(), 5050);
    let tasks: Vec<_> = (0..10_000)
        .map(|n| {
            let bus = bus.clone();
            tokio::spawn(async move { bus.dispatch(Tuple(n, 1)).await.unwrap() })
        })
        .collect();
    for (n, task) in (0..).zip(tasks) {
        assert_eq!(task.await.unwrap(), n + 1);
    }
}
