//! Who may: the policy function decides, and where nobody is known the answer is no.
use bus::prelude::*;
use bus::{BoxError, Error, ErrorKind};
use bus_tests::Log;
use std::error::Error as _;

struct User {
    name: &'static str,
    admin: bool,
}

#[command(output = u32, authorize = owner_or_admin)]
struct Close {
    owner: &'static str,
    #[validate(range(max = 10))]
    account: u32,
}

/// Sees the command and the context.
fn owner_or_admin(cmd: &Close, cx: &Context) -> Result<(), Denied> {
    let user = cx.principal::<User>().ok_or_else(Denied::default)?;
    if user.admin || user.name == cmd.owner {
        return Ok(());
    }
    Err(Denied::because(format!(
        "{} does not own {}",
        user.name, cmd.account
    )))
}

#[handler]
fn close(cmd: Close, log: &Log) -> u32 {
    log.add("closed");
    cmd.account
}

fn account(account: u32) -> Close {
    Close {
        owner: "ann",
        account,
    }
}

fn user(name: &'static str, admin: bool) -> User {
    User { name, admin }
}

async fn bus(log: &Log) -> Bus {
    let bus = Bus::builder().state(log.clone()).partial();
    bus.build().await.unwrap()
}

#[tokio::test]
async fn the_policy_function_sees_the_command_and_who_asks() {
    let log = Log::default();
    let bus = bus(&log).await;
    let ask = |user| bus.context().with_principal(user).dispatch(account(7));
    assert_eq!(ask(user("ann", false)).await.unwrap(), 7);
    assert_eq!(ask(user("root", true)).await.unwrap(), 7);
    assert_eq!(log.take().len(), 2);
    let error = ask(user("bob", false)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    let text = error.to_string();
    assert!(
        text.contains("Close` is denied: bob does not own 7"),
        "{text}"
    );
    match &error {
        Error::Denied(denied) => {
            assert_eq!(denied.command().unwrap().short_name(), "Close");
        }
        other => panic!("{other:?}"),
    }
    assert!(log.take().is_empty(), "the handler was called");
}

#[tokio::test]
async fn nobody_is_denied() {
    let log = Log::default();
    let bus = bus(&log).await;
    let error = bus.dispatch(account(7)).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("is denied: its policy function refused"),
        "{error}"
    );
    // A principal of another type is nobody.
    let other = bus.context().with_principal("root");
    let error = other.dispatch(account(7)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(log.take().is_empty());
}

#[tokio::test]
async fn what_is_invalid_is_said_before_who_may() {
    let log = Log::default();
    let error = bus(&log).await.dispatch(account(11)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[command(output = &'static str)]
struct WhoAmI;

#[handler]
fn who_am_i(_: WhoAmI, user: Principal<User>) -> &'static str {
    user.name
}

#[command(output = Option<&'static str>)]
struct Maybe;

#[handler]
fn maybe(_: Maybe, user: Option<Principal<User>>) -> Option<&'static str> {
    user.map(|user| user.0.name)
}

#[tokio::test]
async fn a_handler_that_takes_a_principal_denies_where_there_is_none() {
    let bus = bus(&Log::default()).await;
    let error = bus.dispatch(WhoAmI).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    let text = error.to_string();
    assert!(
        text.contains("WhoAmI` is denied: it needs a principal"),
        "{text}"
    );
    assert_eq!(bus.dispatch(Maybe).await.unwrap(), None);
    let cx = bus.context().with_principal(user("ann", false));
    assert_eq!(cx.dispatch(WhoAmI).await.unwrap(), "ann");
    assert_eq!(cx.dispatch(Maybe).await.unwrap(), Some("ann"));
}

/// A handler acts for who asked it, not with more rights.
#[command(output = u32)]
struct CloseAll;

#[handler]
async fn close_all(_: CloseAll) -> Result<u32, BoxError> {
    Ok(bus::dispatch(account(1)).await? + bus::dispatch(account(2)).await?)
}

#[tokio::test]
async fn a_nested_dispatch_is_asked_by_the_same_principal() {
    let log = Log::default();
    let bus = bus(&log).await;
    let ann = bus.context().with_principal(user("ann", false));
    assert_eq!(ann.dispatch(CloseAll).await.unwrap(), 3);
    let bob = bus.context().with_principal(user("bob", false));
    let error = bob.dispatch(CloseAll).await.unwrap_err();
    assert!(error.to_string().contains("bob does not own 1"), "{error}");
    assert!(bus.dispatch(CloseAll).await.is_err());
}

#[command(authorize = never)]
struct Never;

fn never(_: &Never, _: &Context) -> bool {
    false
}

#[handler]
fn handle_never(_: Never, log: &Log) {
    log.add("handled");
}

#[derive(Debug)]
struct Expired;

impl std::fmt::Display for Expired {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the session has expired")
    }
}

impl std::error::Error for Expired {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&std::fmt::Error)
    }
}

#[command(authorize = expired)]
struct Session;

fn expired(_: &Session, _: &Context) -> Result<(), Denied> {
    Err(Denied::because(Expired))
}

#[handler]
fn session(_: Session) {}

#[tokio::test]
async fn a_bool_will_do_and_a_reason_may_be_an_error() {
    let log = Log::default();
    let bus = bus(&log).await;
    assert!(matches!(bus.dispatch(Never).await, Err(Error::Denied(_))));
    assert!(log.take().is_empty());
    let error = bus.dispatch(Session).await.unwrap_err();
    assert!(
        error.to_string().ends_with("the session has expired"),
        "{error}"
    );
    let cause = error.source().unwrap();
    assert!(
        cause.is::<std::fmt::Error>(),
        "not the reason again, its cause: {cause:?}"
    );
}
