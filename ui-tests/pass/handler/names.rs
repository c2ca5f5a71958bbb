//! Handlers and types that are named like what generated code uses.
#![deny(warnings)]
use bus::prelude::*;

#[command(output = u8)]
struct One(u8);

#[handler]
async fn command(command: One, cx: &Context) -> u8 {
    let _ = cx;
    command.0
}

#[command(output = u8)]
struct Two;

#[handler]
fn cx(_: Two) -> Result<u8, bus::BoxError> {
    Ok(2)
}

#[command(output = u8, remote)]
struct Three;

#[handler]
async fn value(_: Three) -> u8 {
    3
}

#[command(output = u8, remote)]
struct Four;

#[handler]
fn answer(_: Four) -> u8 {
    4
}

struct Here;

#[command(output = u8, remote)]
struct Five;

#[handler]
async fn entry(_: Five, _: Option<&Here>) -> u8 {
    5
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let _ = Here;
    assert_eq!(bus::dispatch(One(1)).await.expect("runs"), 1);
    assert_eq!(bus::dispatch(Two).await.expect("runs"), 2);
    assert_eq!(bus::dispatch(Three).await.expect("runs"), 3);
    assert_eq!(bus::dispatch(Four).await.expect("runs"), 4);
    assert_eq!(bus::dispatch(Five).await.expect("runs"), 5);
}
