//! What the crate has under the names that generated code uses does not matter.
#![deny(warnings)]
#![allow(dead_code, non_snake_case, unused_macros)]

mod core {}
mod std {}
mod alloc {}
type Result = ();
type String = ();
type Send = ();
type Future = ();
type Box = ();
type Vec = ();
macro_rules! concat { () => {}; }
macro_rules! matches { () => {}; }
macro_rules! vec { () => {}; }
fn Ok() {}
fn Err() {}
trait Command {}
trait Handled {}
struct Context;
struct Here;

#[bus::command(
    output = u8,
    error = u8,
    authorize = all,
    rate = "9/s per cx, command",
    timeout = "5s",
    retries = 1,
    throttle = "5 failures/1m",
    middleware = [pass]
)]
#[derive(Clone)]
struct Place {
    command: u8,
    #[validate(range(min = 1))]
    cx: u8,
    #[sanitize(trim)]
    value: ::std::string::String,
    entry: u8,
}

fn all(_: &Place, _: &::bus::Context) -> bool {
    true
}

async fn pass(_: ::bus::Call<'_>, next: ::bus::Next<'_>) -> ::bus::Verdict {
    next.run().await
}

#[bus::handler]
async fn command(value: Place, cx: &::bus::Context) -> ::std::result::Result<u8, u8> {
    let _ = (cx, value.value);
    ::std::result::Result::Ok(value.command + value.cx + value.entry)
}

#[bus::command(remote)]
struct Far;

#[bus::handler]
async fn entry(_: Far, _: Option<&Here>) {}

#[bus::command(remote)]
struct Near;

#[bus::handler]
fn answer(_: Near) {}

fn main() {
    let place = Place { command: 1, cx: 1, value: ::std::convert::From::from(" "), entry: 1 };
    let all = async {
        let answer = ::bus::dispatch(place).await;
        ::std::assert!(answer.is_ok_and(|answer| answer == 3));
        ::std::assert!(::bus::dispatch(Far).await.is_ok());
        ::std::assert!(::bus::dispatch(Near).await.is_ok());
    };
    let runtime = ::tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("starts").block_on(all);
}
