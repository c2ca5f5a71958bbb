//! The user derives `Validate` himself, below `#[command]`: the rules are derived once.
#![deny(warnings)]
use bus::prelude::*;
use validator::Validate;

#[command]
#[derive(Validate)]
struct ByName {
    #[validate(range(min = 1))]
    quantity: u32,
}

#[handler]
fn by_name(_: ByName) {}

#[command]
#[derive(Debug, validator::Validate)]
struct ByPath {
    #[validate(range(min = 1))]
    quantity: u32,
}

#[handler]
fn by_path(_: ByPath) {}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    bus::dispatch(ByName { quantity: 1 }).await.expect("runs");
    bus::dispatch(ByPath { quantity: 1 }).await.expect("runs");
    assert!(matches!(bus::dispatch(ByName { quantity: 0 }).await, Err(bus::Error::Invalid(_))));
    assert!(matches!(bus::dispatch(ByPath { quantity: 0 }).await, Err(bus::Error::Invalid(_))));
}
