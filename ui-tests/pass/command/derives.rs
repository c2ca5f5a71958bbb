//! Derives and attributes above and below `#[command]`.
#![deny(warnings)]
use bus::prelude::*;

#[derive(Clone, Debug, PartialEq)]
#[command(output = Above, retries = 1)]
#[must_use]
struct Above {
    #[validate(range(min = 1))]
    quantity: u32,
}

#[handler]
async fn above(above: Above) -> Above {
    above
}

#[command(output = Below, retries = 1)]
#[derive(Clone, Debug, PartialEq)]
#[allow(dead_code)]
#[repr(C)]
struct Below {
    #[validate(range(min = 1))]
    quantity: u32,
}

#[handler]
async fn below(below: Below) -> Below {
    below
}

#[derive(Clone, Debug, Default)]
#[command]
#[derive(PartialEq, Eq, Hash)]
#[doc = "Between."]
#[non_exhaustive]
struct Between;

#[handler]
fn between(_: Between) {}

#[deprecated]
#[command(output = u8)]
struct Old(u8);

#[allow(deprecated)]
#[handler]
fn old(old: Old) -> u8 {
    old.0
}

#[tokio::main(flavor = "current_thread")]
#[allow(deprecated)]
async fn main() {
    let one = Above { quantity: 1 };
    assert_eq!(bus::dispatch(one.clone()).await.expect("runs"), one);
    let none = Above { quantity: 0 };
    assert!(matches!(bus::dispatch(none).await, Err(bus::Error::Invalid(_))));
    let one = Below { quantity: 1 };
    assert_eq!(bus::dispatch(one.clone()).await.expect("runs"), one);
    bus::dispatch(Between).await.expect("runs");
    assert_eq!(bus::dispatch(Old(1)).await.expect("runs"), 1);
}
