//! Who may: a policy function on the command, a principal in the context, denied by default.
//!
//! `cargo run --example authorization`
use bus::Error;
use bus::prelude::*;

/// Who asks: any type of yours. A web server makes it of a request's session or token.
#[derive(Debug)]
struct User {
    name: &'static str,
    admin: bool,
}

/// A policy function sees the command and the context, and answers yes or no …
#[command(output = String, authorize = the_owner)]
struct ReadNote {
    owner: &'static str,
}

fn the_owner(note: &ReadNote, cx: &Context) -> bool {
    cx.principal::<User>()
        .is_some_and(|user| user.admin || user.name == note.owner)
}

#[handler]
fn read_note(note: ReadNote) -> String {
    format!("{}'s note", note.owner)
}

/// … or with a reason.
#[command(authorize = an_admin)]
struct Purge;

fn an_admin(_: &Purge, cx: &Context) -> Result<(), Denied> {
    match cx.principal::<User>() {
        Some(user) if user.admin => Ok(()),
        Some(user) => Err(Denied::because(format!("{} is no admin", user.name))),
        None => Err(Denied::because("nobody is signed in")),
    }
}

#[handler]
async fn purge(_: Purge) -> Result<(), bus::BoxError> {
    // A handler's own dispatches are asked by the same principal.
    bus::dispatch(ReadNote { owner: "bob" }).await?;
    Ok(())
}

/// A handler that takes `Principal<User>` denies a dispatch without one by itself.
#[command(output = &'static str)]
struct WhoAmI;

#[handler]
fn who_am_i(_: WhoAmI, user: Principal<User>) -> &'static str {
    user.name
}

#[tokio::main]
async fn main() -> Result<(), bus::BoxError> {
    let bus = Bus::builder().build().await?;
    let asked_by = |name, admin| bus.context().with_principal(User { name, admin });
    let (ann, bob) = (asked_by("ann", true), asked_by("bob", false));

    assert_eq!(bob.dispatch(WhoAmI).await?, "bob");
    assert_eq!(bob.dispatch(ReadNote { owner: "bob" }).await?, "bob's note");
    assert_eq!(ann.dispatch(ReadNote { owner: "bob" }).await?, "bob's note");
    ann.dispatch(Purge).await?;

    for denied in [
        bob.dispatch(ReadNote { owner: "ann" }).await.map(drop),
        bob.dispatch(Purge).await,
        bus.dispatch(Purge).await,
        bus.dispatch(WhoAmI).await.map(drop),
    ] {
        match denied {
            Err(Error::Denied(denied)) => println!("{denied}"),
            other => panic!("{other:?}"),
        }
    }
    Ok(())
}
